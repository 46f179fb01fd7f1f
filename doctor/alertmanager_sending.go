package doctor

import "fmt"

func alertmanagerSending() Check {
	const id = "alertmanager/sending"
	return Check{
		ID: id, Title: "Prometheus loses no alerts on the way", On: []string{"prometheus"}, Needs: []Shared{Metrics, Journal},
		After: []string{"alertmanager/connected", "alertmanager/ready", "alertmanager/config", "install/unit-failed", "install/not-running"},
		Judge: perMetered(id, []string{"prometheus"}, judgeSending),
		Doc: Doc{
			Symptom:  "`Error sending alerts` (v3: `Error sending alerts` with `alertmanager=`), alerts that come late or never.",
			Cause:    "Alertmanager refuses or does not answer, or its queue in Prometheus is full.",
			Evidence: "prometheus_notifications_errors_total and _dropped_total are above 0. They count since the start of Prometheus: without a message in the last hour they are a note.",
			Fix:      "See what the journal of Prometheus says about the address; correct it, then watch whether the counter stands still.",
			Risk:     "none",
			Source:   "prometheus-mixin PrometheusErrorSendingAlertsToAnyAlertmanager, PrometheusNotificationQueueRunningFull",
		},
	}
}

func judgeSending(h Host, c Component) []Finding {
	failed, _ := c.Metrics.Sum("prometheus_notifications_errors_total")
	dropped, _ := c.Metrics.Sum("prometheus_notifications_dropped_total")
	sent, _ := c.Metrics.Sum("prometheus_notifications_sent_total")
	if failed+dropped == 0 {
		return nil
	}
	s := h.heard(c.Unit, settled, sendingError)
	found := one(Note, fmt.Sprintf("%.0f alerts did not reach Alertmanager since Prometheus started", failed+dropped), "it refused them, did not answer, or the queue was full", "journalctl -u "+c.Name+" | grep -i alerts",
		Number("errors", failed, "1"), Number("dropped", dropped, "1"), Number("sent", sent, "1"))
	if s.times > 0 {
		found[0].Level = Warn
		found[0].Evidence = append(found[0].Evidence, s.evidence(c.Unit)...)
	}
	return found
}
