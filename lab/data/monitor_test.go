package data

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// The bundled monitor of h2, by hand: a unit that runs monctl serve.
const (
	monitorUnit   = "monctl-monitor.service"
	monitorData   = "/srv/monitor"
	monitorTarget = "h2/monitor"
)

func monitorHost(t *testing.T) *hosts.Host {
	t.Helper()
	h := host(t, "h2")
	program := filepath.Join(h.Root(), "opt/monitor/monctl")
	must(t, os.MkdirAll(filepath.Dir(program), 0o755))
	text, err := os.ReadFile(lab.monctl)
	must(t, err)
	_ = os.Remove(program) // it may run
	must(t, os.WriteFile(program, text, 0o755))
	on(t, h, `mkdir -p `+monitorData+` && cat >/etc/systemd/system/`+monitorUnit+` <<'UNIT'
[Service]
ExecStart=/opt/monitor/monctl serve --data `+monitorData+` --listen :9095 --ntp none --admin-api
Restart=always
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload && systemctl enable --quiet `+monitorUnit+` && systemctl restart `+monitorUnit)
	t.Cleanup(func() {
		on(t, h, "systemctl disable --quiet --now "+monitorUnit+"; rm -rf /etc/systemd/system/"+monitorUnit+" "+monitorData+"*; systemctl daemon-reload")
	})
	return h
}

// TestMonitor: the bundled monitor is found by its process, and its data are cured as a Prometheus' are.
func TestMonitor(t *testing.T) {
	t.Parallel()
	h := monitorHost(t)
	p := prometheus{t, h, 9095}
	g := shapes["head"].under(t, h, monitorUnit, monitorData)
	p.refuses()
	data(t, "inspect", monitorTarget).want(t, changes, monitorData, "refusing")
	if !long {
		return
	}
	data(t, "repair", monitorTarget, "--yes="+monitorTarget).want(t, done, "fresh samples for every job", "both counters flat")
	p.takes()
	p.kept(g)
	data(t, "inspect", monitorTarget).want(t, done)
	pid := on(t, h, "systemctl show -p MainPID --value "+monitorUnit)
	data(t, "backup", monitorTarget, "--yes="+monitorTarget).want(t, done, "the head, which the server wrote for it, was read")
	if again := on(t, h, "systemctl show -p MainPID --value "+monitorUnit); again != pid {
		t.Error("it was stopped for a snapshot")
	}
}
