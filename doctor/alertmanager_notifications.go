package doctor

import (
	"fmt"
	"regexp"
)

var (
	sendingError = regexp.MustCompile(`Error sending alerts?`)
	notifyError  = regexp.MustCompile(`(?i)notify retry canceled|notify for alerts failed|Notify attempt failed`)
)

func alertmanagerNotifications() Check {
	const id = "alertmanager/notifications"
	return Check{
		ID: id, Title: "notifications are delivered", On: []string{"alertmanager"}, Needs: []Shared{Metrics, Journal}, After: []string{"clock/offset"},
		Judge: perMetered(id, []string{"alertmanager"}, judgeNotifications),
		Doc: Doc{
			Symptom:  "`notify retry canceled due to unrecoverable error … unexpected status code 404: no_service`, `403: invalid_token`, `context deadline exceeded`; the alert is in Alertmanager and nobody was told.",
			Cause:    "The webhook was revoked or cut short, the channel is archived, the host may not reach the internet, or its clock is so wrong that TLS fails.",
			Evidence: "alertmanager_notifications_failed_total by integration, since its start, or that most of its requests failed (it retries for minutes before it counts one as failed), and the reason in its journal. Without a message in the last hour it is a note.",
			Fix:      "By reason: a new webhook in a file (api_url_file, mode 0600), http_config.proxy_url, the clock; then `amtool alert add test`.",
			Risk:     "low: a test message is sent",
			Source:   "alertmanager#1616, #3727; alertmanager-mixin AlertmanagerFailedToSendAlerts",
		},
	}
}

// notifyReasons explains what receivers answer.
var notifyReasons = []struct {
	what       *regexp.Regexp
	cause, fix string
}{
	{regexp.MustCompile(`no_service|no_active_hooks`), "Slack says that the webhook was revoked", "make a new webhook and put it into the file of api_url_file"},
	{regexp.MustCompile(`channel_not_found|channel_is_archived`), "the Slack channel is gone, archived or renamed", "correct channel: in the receiver"},
	{regexp.MustCompile(`invalid_token|invalid_auth|not_authed`), "the token or webhook address is wrong or cut short", "copy it again, whole"},
	{regexp.MustCompile(`x509: `), "TLS to the receiver fails: its certificate, or the clock of this host", "monctl doctor time-drift; then ca-certificates"},
	{regexp.MustCompile(`no such host|server misbehaving`), "the name of the receiver cannot be looked up", "correct the resolver of this host"},
	{regexp.MustCompile(`connection refused`), "nothing listens at the receiver's address", "correct the address in the receiver"},
	{regexp.MustCompile(`context deadline exceeded|i/o timeout|Client.Timeout`), "the receiver does not answer: no way to the internet, or a proxy that the unit does not know", "http_config.proxy_url, or Environment=HTTPS_PROXY= in a drop-in"},
	{regexp.MustCompile(`(?i)535|authentication failed|auth`), "the mail server refuses the login", "correct auth_username and auth_password_file"},
}

func judgeNotifications(h Host, c Component) []Finding {
	failed := c.Metrics.by("alertmanager_notifications_failed_total", "integration")
	sent := c.Metrics.by("alertmanager_notifications_total", "integration")
	tries, refused := c.Metrics.by("alertmanager_notification_requests_total", "integration"), c.Metrics.by("alertmanager_notification_requests_failed_total", "integration")
	for integration, n := range refused { // one that is still being retried is not counted as failed for minutes
		if failed[integration] == 0 && n > tries[integration]/2 {
			failed[integration], sent[integration] = n, tries[integration]
		}
	}
	s := h.heard(c.Unit, settled, notifyError)
	var all []Finding
	for _, integration := range sortedKeys(failed) {
		n := failed[integration]
		if n == 0 {
			continue
		}
		f := Finding{
			Level: Note, Tag: integration, Title: fmt.Sprintf("%.0f of %.0f notifications by %s failed", n, sent[integration], integration), Cause: "the receiver refused them or did not answer",
			Fix: "journalctl -u " + c.Name + " | grep -i notify", Evidence: []Evidence{Number("failed since its start", n, "1"), Number("tried", sent[integration], "1")},
		}
		if own := h.heard(c.Unit, settled, regexp.MustCompile(`(?i)(notify|notification).*`+regexp.QuoteMeta(integration))); own.times > 0 && s.times > 0 {
			f.Level, f.Since = Fail, own.first.At
			f.Evidence = append(f.Evidence, Says("journal of "+c.Unit, masked(own.last.Text)))
			for _, r := range notifyReasons {
				if r.what.MatchString(own.last.Text) {
					f.Cause, f.Fix = r.cause, r.fix
					break
				}
			}
		}
		all = append(all, f)
	}
	return all
}
