package data

import (
	"testing"
	"time"
)

// TestPrevent: after a repair the alerts are offered, and with --prevent they are there: of a Prometheus that others installed.
func TestPrevent(t *testing.T) {
	t.Parallel()
	if !long {
		t.Skip("MONCTL_LAB_LONG is not set")
	}
	h := foreignHost(t)
	p := prometheus{t, h, 9090}
	const unit, folder, target, confirm, config = "prometheus.service", "/srv/real", "h2/prometheus:9090", "--yes=h2/prometheus:9090", "/etc/prom/prometheus.yml"
	damage{good: 2 * time.Hour, ahead: 31768 * time.Second, span: time.Minute}.under(t, h, unit, folder)
	p.refuses()
	data(t, "repair", target, confirm).want(t, done, "So that it does not happen again", "/etc/prom/monctl-data.yml", "nothing of this was done")
	if got := on(t, h, "grep -c rule_files "+config+" || true"); got != "0" {
		t.Errorf("rule_files is there without --prevent: %s", got)
	}
	data(t, "repair", target, "--prevent").want(t, refused)
	data(t, "repair", target, "--prevent", confirm).want(t, done, "repair, nothing", "✓ alert on samples of the future")
	if page, err := p.get("/api/v1/rules"); err != nil || !contains(page, "PrometheusHeadInFuture", "PrometheusRefusesSamples") {
		t.Errorf("%v: %s", err, page)
	}
	if said := data(t, "repair", target, "--prevent", confirm).want(t, done); contains(said.stdout, "So that it does not happen again") {
		t.Errorf("it is offered again:\n%s", said.stdout)
	}
	on(t, h, "rm /etc/prom/monctl-data.yml")
}
