package acceptance

import (
	"strings"
	"testing"
)

// TestUninstall: data stays unless its identity is given, and only that goes.
func TestUninstall(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, only(h, "prometheus, alertmanager, node_exporter"))
	c.run(t, "install", "--yes").want(t, done)
	before := stateOf(t, h)
	mine := h.Name + "/prometheus"
	asked(t, c, h)

	c.run(t, "uninstall", "--yes").want(t, usage, "what to uninstall is missing")
	c.run(t, "uninstall", "--all").want(t, refused, "not confirmed")
	for _, wrong := range []string{"h9/prometheus", h.Name + "/prometeus", h.Name, "prometheus", h.Name + "/", "/prometheus"} {
		o := c.run(t, "uninstall", "prometheus", "--yes", "--purge-data="+wrong)
		if o.code != usage && o.code != refused {
			t.Errorf("--purge-data=%s: exit %d\n%s", wrong, o.code, o)
		}
	}
	c.run(t, "uninstall", "alertmanager", "--yes", "--purge-data="+mine).want(t, usage, "is not being uninstalled")
	c.run(t, "uninstall", "grafana", "--yes", "--purge-data="+h.Name+"/grafana").want(t, refused, "did not install grafana")
	same(t, h, before)

	c.run(t, "uninstall", "prometheus", "--yes").want(t, done, "/var/lib/monctl/prometheus")
	if data := on(t, h, "ls /var/lib/monctl/prometheus; stat -c %U /var/lib/monctl/prometheus"); !strings.Contains(data, "wal") || !strings.Contains(data, "monctl-prometheus") {
		t.Errorf("the data was to stay, with its owner:\n%s", data)
	}
	if units := on(t, h, "systemctl list-units --no-legend --plain 'monctl-*'"); strings.Contains(units, "prometheus") || !strings.Contains(units, "alertmanager") {
		t.Errorf("wrong units are left:\n%s", units)
	}
	c.run(t, "uninstall", "prometheus", "--yes").want(t, done)
	notAnswering(t, c, h)

	c.run(t, "install", "--yes").want(t, done)
	if n := number(t, h, `count(count_over_time(up{job="prometheus"}[1h]))`); n != 1 {
		t.Error("the data that was kept is not used again")
	}
	c.run(t, "uninstall", "--all", "--yes", "--purge-data="+mine, "--purge-data="+h.Name+"/alertmanager").want(t, done)
	uninstalled(t, h)
	c.run(t, "uninstall", "--all", "--yes").want(t, done)
	uninstalled(t, h)
}

// TestUninstallCanBeTakenBack: a rollback brings back what was removed last.
func TestUninstallCanBeTakenBack(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, only(h, "node_exporter"))
	c.run(t, "install", "--yes").want(t, done)
	c.run(t, "uninstall", "--all", "--yes").want(t, done)
	uninstalled(t, h)
	c.run(t, "rollback", h.Name, "--yes").want(t, done)
	if got := on(t, h, runningUnit); !strings.HasPrefix(got, "active\n/opt/monctl/node_exporter/") {
		t.Errorf("after the rollback: %q", got)
	}
	c.run(t, "install", "--yes").want(t, done, "nothing to change")
}
