package data

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

// long, in the environment, walks through more moments than there is time for in CI.
var long = os.Getenv("MONCTL_LAB_LONG") != ""

// faults end something in the middle of a change.
var faults = map[string]func(t *testing.T, h *hosts.Host, controller *exec.Cmd){
	"controller killed": func(_ *testing.T, _ *hosts.Host, controller *exec.Cmd) { _ = controller.Process.Kill() },
	"program killed": func(t *testing.T, h *hosts.Host, _ *exec.Cmd) {
		on(t, h, "pkill -9 -f '^/var/lib/monctl/bin/[^ ]* data (repair|reset|backup)'; true")
	},
	"cable pulled": func(t *testing.T, h *hosts.Host, _ *exec.Cmd) { // nobody is told; both ends have to notice
		must(t, h.Cut(context.WithoutCancel(t.Context())))
		time.Sleep(noticed + 2*time.Second)
		must(t, h.Mend(context.WithoutCancel(t.Context())))
	},
	"link cut": func(t *testing.T, h *hosts.Host, _ *exec.Cmd) { on(t, h, "pkill -9 -f '^sshd: ubuntu'; true") },
	"everything of monctl killed": func(t *testing.T, h *hosts.Host, controller *exec.Cmd) {
		_ = controller.Process.Kill() // or it would connect again
		on(t, h, "pkill -9 -f '^/var/lib/monctl/bin/'; pkill -9 -f '[m]onctl-shell'; true")
	},
}

// noticed is after how long without a sign of life the controller gives a link up in these tests.
const noticed = 3 * time.Second

// moment is when a fault happens: after a step was announced, and a little later.
type moment struct {
	step  string
	later time.Duration
}

// moments of a fault: what matters most in CI, many more with long.
func moments(action, fault string) []moment {
	amid := moment{"work", 150 * time.Millisecond}
	switch {
	case !long && (action == "backup" || fault == "cable pulled"):
		return nil
	case !long && action == "repair" && fault == "everything of monctl killed":
		return []moment{{"stop ", 0}, amid}
	case !long && action == "repair" && fault == "controller killed", !long && action == "reset" && fault != "program killed" && fault != "controller killed":
		return nil
	case !long:
		return []moment{amid}
	}
	if action == "backup" { // what it does is killed at every point by the tests of package datadir
		return []moment{{"stop ", 0}, {"work", 0}, amid, {"start ", 0}}
	}
	list := []moment{{"stop ", 0}, {"stop ", 100 * time.Millisecond}, {"start ", 0}, {"start ", 300 * time.Millisecond}}
	for _, milliseconds := range []int{0, 80, 160, 250, 400, 600} {
		list = append(list, moment{"work", time.Duration(milliseconds) * time.Millisecond})
	}
	return list
}

// victim is a server whose data are worked on when something dies.
type victim struct {
	prometheus
	unit, target string
	good         good
}

func (v victim) confirm() string { return "--yes=" + v.target }

// TestKilledInRepair: whatever dies, whenever: the unit is let go and runs, no good sample is lost, a rerun finishes, and a restore
// brings back what was there. It is Debian's server.
func TestKilledInRepair(t *testing.T) {
	t.Parallel()
	h := host(t, "h1")
	v := victim{prometheus: prometheus{t, h, 9090}, unit: managedUnit, target: "h1/prometheus"}
	v.good = shapes["head"].under(t, h, managedUnit, managedData)
	v.refuses()
	v.killed(t, "repair")
}

// TestKilledInResetAndBackup is the same for what is done to a 3.13.5 that others installed.
func TestKilledInResetAndBackup(t *testing.T) {
	t.Parallel()
	h := foreignHost(t)
	v := victim{prometheus: prometheus{t, h, 9090}, unit: "prometheus.service", target: "h2/prometheus:9090"}
	v.good = shapes["head"].under(t, h, v.unit, "/srv/real")
	v.refuses()
	v.killed(t, "reset")
	v.killed(t, "backup")
}

// killed lets every fault happen to an action at each of its moments.
func (v victim) killed(t *testing.T, action string) {
	for name, fault := range faults {
		for _, m := range moments(action, name) {
			t.Run(fmt.Sprintf("%s, %s %s after %q", action, name, m.later, m.step), func(t *testing.T) {
				v.t = t
				v.broken(fault, m, action)
				v.settled()
				v.finished(action)
				if action != "backup" {
					data(t, "restore", v.target, v.confirm()).want(t, done)
				}
				v.refuses()
				v.kept(v.good)
			})
		}
	}
}

// finished runs the action again, unless the host had finished it by itself.
func (v victim) finished(action string) {
	v.t.Helper()
	if action != "reset" || v.value("sum(count_over_time(good_total[30d]))", v.good.at) > 0 {
		data(v.t, action, v.target, v.confirm(), "--lock-wait=60s").want(v.t, done)
	}
	if action != "backup" {
		v.takes()
	}
	if action == "repair" {
		v.kept(v.good)
	}
}

// broken begins an action and lets a fault happen to it.
func (v victim) broken(fault func(*testing.T, *hosts.Host, *exec.Cmd), m moment, action string) {
	t := v.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := lab.command(ctx, append(dataArgs([]string{action, v.target, v.confirm(), "--lock-wait=60s"}), "--ssh-config="+impatient(t))...)
	var said lines
	cmd.Stderr, cmd.Stdout = &said, &said
	must(t, cmd.Start())
	eventually(t, "monctl to say "+m.step, func() bool {
		return strings.Contains(said.String(), v.host.Name+": "+m.step) || cmd.ProcessState != nil
	})
	time.Sleep(m.later)
	fault(t, v.host, cmd)
	_ = cmd.Wait() // it may have ended well before: the machine is faster this time
}

// impatient is a configuration of SSH, to be read before the lab's, that gives links up soon.
func impatient(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ssh_config")
	must(t, os.WriteFile(file, fmt.Appendf(nil, "Host *\n  ServerAliveInterval 1\n  ServerAliveCountMax %d\n", int(noticed.Seconds())), 0o600))
	return file
}

// settled waits until nothing works on the host any more, and wants its unit to be let go and running.
func (v victim) settled() {
	t, h := v.t, v.host
	t.Helper()
	on(t, h, "flock -w 90 /run/monctl/lock true || { echo the lock is stuck >&2; exit 1; }")
	eventually(t, "the unit to be let go", func() bool {
		return on(t, h, "ls -d /run/monctl/held /run/systemd/system/"+v.unit+".d 2>/dev/null; systemctl list-units --no-legend --state=active 'monctl-data-guard*'; true") == ""
	})
	eventually(t, "the unit to run", func() bool { return on(t, h, "systemctl is-active "+v.unit+" || true") == "active" })
	inspection := data(t, "inspect", v.target, "--json", "--lock-wait=60s")
	if strings.Contains(inspection.stdout, `"verdict":"interrupted"`) || !strings.Contains(inspection.stdout, `"type":"inspection"`) {
		t.Errorf("something is left half-done:\n%s%s", inspection.stdout, inspection.stderr)
	}
}

// lines is what a running command has said so far.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
