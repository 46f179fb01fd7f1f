package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// TestUpgradeKeepsData: from a release to the next and back, no sample is lost.
func TestUpgradeKeepsData(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, only(h, "prometheus, node_exporter")+"components: {prometheus: {scrape_interval: 1s}}\n")
	c.flags["catalog"] = catalogUpTo(t, "prometheus", "2.42.0")
	c.run(t, "install", "--yes").want(t, done, "2.42.0")
	eventually(t, "samples", func() bool { return samples(t, h) >= 3 })
	before := samples(t, h)

	c.flags["catalog"] = lab.catalog
	c.run(t, "install", "--yes").want(t, done, "nothing to change")
	c.run(t, "upgrade", "prometheus@2.53.3").want(t, refused, "not confirmed")
	c.run(t, "upgrade", "prometheus@2.53.3", "--yes").want(t, done, "2.42.0", "2.53.3", "installed and proven")
	if got := prometheusVersion(t, h); got != "2.53.3" {
		t.Errorf("after the upgrade %s runs", got)
	}
	after := samples(t, h)
	if after < before {
		t.Errorf("%v samples of the hour before the upgrade, %v after it", before, after)
	}
	lockFile(t, c, "2.53.3")
	c.run(t, "plan").want(t, done)

	c.run(t, "rollback", h.Name, "--yes").want(t, done, h.Name)
	if got := prometheusVersion(t, h); got != "2.42.0" {
		t.Errorf("after the rollback %s runs", got)
	}
	if back := samples(t, h); back < after {
		t.Errorf("%v samples before the rollback, %v after it", after, back)
	}
	c.run(t, "status").want(t, changes, "2.42.0", "2.53.3")
	c.run(t, "rollback", h.Name, "--yes").want(t, failed, "no change of monctl is recorded")
	c.run(t, "upgrade", "prometheus@2.42.0", "--yes").want(t, done)
	c.run(t, "upgrade", "prometheus@2.53.3", "--yes").want(t, done)
	c.run(t, "upgrade", "prometheus@2.42.0", "--yes").want(t, refused, "older than the installed", "--allow-downgrade")
}

// TestUpgradeToPrometheus3 crosses the major version, with what is the newest release of the mirror: it keeps the samples
// of the old one, and finds new targets at once.
func TestUpgradeToPrometheus3(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, only(h, "prometheus, node_exporter")+"components: {prometheus: {scrape_interval: 1s}}\n")
	c.flags["catalog"] = catalogUpTo(t, "prometheus", "2.53.3")
	c.run(t, "install", "--yes").want(t, done, "2.53.3")
	eventually(t, "samples", func() bool { return samples(t, h) >= 3 })
	before := samples(t, h)

	c.flags["catalog"] = lab.catalog
	c.run(t, "upgrade", "prometheus", "--yes").want(t, done, "2.53.3", "3.13.5", "installed and proven")
	if got := prometheusVersion(t, h); got != "3.13.5" {
		t.Errorf("after the upgrade %s runs", got)
	}
	if after := samples(t, h); after < before {
		t.Errorf("%v samples before the upgrade, %v after it", before, after)
	}
	lockFile(t, c, "3.13.5")
	c.run(t, "plan").want(t, done)
	c.run(t, "status").want(t, done, "3.13.5", "2/2 up")

	c.run(t, "rollback", h.Name, "--yes").want(t, done)
	if got := prometheusVersion(t, h); got != "2.53.3" {
		t.Errorf("after the rollback %s runs", got)
	}
	if back := samples(t, h); back < before {
		t.Errorf("%v samples before the upgrade, %v after the rollback", before, back)
	}
}

// samples counts those of one series in the last hour, over all processes of Prometheus.
func samples(t *testing.T, h *hosts.Host) float64 {
	t.Helper()
	return number(t, h, `count_over_time(up{job="node_exporter"}[1h])`)
}

func prometheusVersion(t *testing.T, h *hosts.Host) string {
	t.Helper()
	return on(t, h, `/proc/$(systemctl show -P MainPID monctl-prometheus)/exe --version 2>&1 | sed -n 's/^prometheus, version \([0-9.]*\).*/\1/p'`)
}

func lockFile(t *testing.T, c *controller, want string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, "monctl.lock"))
	if err != nil || !strings.Contains(string(text), want) {
		t.Errorf("the lock file does not have %s: %v\n%s", want, err, text)
	}
}

// TestBrokenUpgrade: a release that does not run is taken back where it was tried first, and reaches no other host.
func TestBrokenUpgrade(t *testing.T) {
	all := take(t, "h1", "h2", "h3")
	c := newController(t, "hosts:\n"+entry(all[0], "node_exporter")+entry(all[1], "node_exporter")+entry(all[2], "node_exporter"))
	c.run(t, "install", "--yes").want(t, done)
	lock, err := os.ReadFile(filepath.Join(c.dir, "monctl.lock"))
	if err != nil {
		t.Fatal(err)
	}
	before := statesOf(t, all)
	o := c.run(t, "upgrade", "node_exporter@1.99.0", "--yes").want(t, failed, "1.12.1", "1.99.0",
		"h1", "does not stay up", "journal", "it is as it was", "left as it was, because the first host")
	if !strings.Contains(o.stderr, "broken") {
		t.Errorf("the last words of the broken program are not shown:\n%s", o.stderr)
	}
	for i, h := range all {
		if i > 0 {
			same(t, h, before[i]) // not even restarted
		}
		if got := on(t, h, runningUnit); got != "active\n/opt/monctl/node_exporter/1.12.1/node_exporter" {
			t.Errorf("%s runs %q", h.Name, got)
		}
		if left := on(t, h, "ls -d /opt/monctl/node_exporter/1.99.0* 2>/dev/null || true"); left != "" {
			t.Errorf("%s keeps %s", h.Name, left)
		}
	}
	if now, err := os.ReadFile(filepath.Join(c.dir, "monctl.lock")); err != nil || string(now) != string(lock) {
		t.Errorf("the lock file changed: %v\n%s", err, now)
	}
	c.run(t, "install", "--yes").want(t, done, "nothing to change")
}
