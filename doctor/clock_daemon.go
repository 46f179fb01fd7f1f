package doctor

import (
	_ "embed" // the probe
	"fmt"
	"slices"
	"strings"
)

// daemonProbe is the check whose probe those about time daemons share.
const daemonProbe = "clock/daemon"

//go:embed clock_daemon.sh
var daemonScript string

// clockDaemon wants exactly one time daemon where the clock can be set at all.
func clockDaemon() Check {
	return Check{
		ID: daemonProbe, Title: "exactly one time daemon runs",
		After: []string{"clock/log"}, Probe: daemonScript, Limit: 8, Judge: perHost(daemonProbe, judgeDaemon), Fix: fixDaemon,
		Doc: Doc{
			Symptom:  "`System clock synchronized: no` and `NTP service: inactive` in timedatectl; or the clock jumps to and fro.",
			Cause:    "No time daemon runs, or two were installed and each undoes what the other does.",
			Evidence: "The processes chronyd, ntpd, openntpd and systemd-timesyncd. A container has the clock of its machine and needs none.",
			Fix:      "Install or enable one; chrony on virtual machines. Of two, disable the one that is not synchronised.",
			Risk:     "The clock may be stepped when the daemon starts. Prometheus is stopped for it when the clock is off by a second or more.",
			Source:   "systemd-timesyncd.service(8); chrony FAQ, “Is chronyd allowed to step the system clock?”",
		},
	}
}

func judgeDaemon(h Host) []Finding {
	if !h.setsItsClock() {
		return nil
	}
	switch d := h.timeDaemons(); len(d) {
	case 1:
		return nil
	case 0:
		f := one(Warn, "no time daemon runs", "Nothing keeps this clock right: it will drift by seconds a week, and more after a suspend.", "monctl doctor --fix --only clock/daemon "+h.Name)
		f[0].Tag = "none"
		return f
	default:
		keep, others := h.keptDaemon()
		f := one(Warn, fmt.Sprintf("%d time daemons run at once", len(d)), "Each corrects what the other did: the clock may jump or never settle.",
			"systemctl disable --now "+strings.Join(others, " "), Says("they are", strings.Join(d, ", ")), Says("the one to keep", keep))
		f[0].Tag = "two"
		return f
	}
}

// timeDaemons are the units, or names of processes without one, of the time daemons that run; the one to keep first.
func (h Host) timeDaemons() []string {
	var found []string
	for _, d := range []struct {
		process string
		units   []string
	}{
		{"chronyd", []string{"chrony", "chronyd"}},
		{"systemd-timesyn", []string{"systemd-timesyncd"}},
		{"ntpd", []string{"ntpsec", "ntp", "ntpd"}},
		{"openntpd", []string{"openntpd"}},
	} {
		name := ""
		for _, u := range d.units {
			if unit, ok := h.Unit(u + ".service"); ok && unit.Get("ActiveState") == "active" && name == "" {
				name = u
			}
		}
		if name == "" && slices.Contains(h.Probes[daemonProbe].All("process"), d.process) {
			name = d.process
		}
		if name != "" {
			found = append(found, name)
		}
	}
	return found
}

// setsItsClock is false for a container, whose clock is that of its machine. Without root the capabilities
// of the login say nothing, so that the kind of container decides.
func (h Host) setsItsClock() bool {
	if h.Root && h.Probes[daemonProbe].Get("may_set") == "no" {
		return false
	}
	return !slices.Contains([]string{"systemd-nspawn", "docker", "podman", "lxc", "lxc-libvirt", "openvz", "rkt", "wsl", "container-other"}, h.Facts.Virt)
}
