package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet"
)

// fixOffset steps a clock from NTP, under nobody's feet.
func fixOffset(f Fleet, found Finding) (Fix, bool) {
	h, ok := f.Host(found.Host)
	ref := f.reference()
	if !ok || !ref.Sure || !h.Clock.Known || !h.setsItsClock() || found.Level < Warn {
		return Fix{}, false
	}
	daemons := h.timeDaemons()
	fix := Fix{
		Host: h.Name, Title: "set the clock of " + h.Name + " right: it is " + ahead(h.Clock.Offset.Minus(ref.Offset)),
		Risk: "The clock is stepped. Programs that take times from it see a jump.",
	}
	stop, start := h.aroundStep(h.Clock.Offset.Value() - ref.Offset.Value())
	fix.Steps = append(fix.Steps, stop...)
	fix.Steps = append(fix.Steps, h.stepWith(daemons)...)
	fix.Steps = append(fix.Steps, start...)
	if len(stop) > 0 && len(start) == 0 {
		fix.Then = "monctl data inspect " + h.Name + "/prometheus   # Prometheus stays stopped: its newest samples are in the future; this says what to do with them"
		fix.Risk += " Prometheus stays stopped, because it holds samples of the future."
	}
	return fix, true
}

// aroundStep stops every Prometheus before a step and starts it after one that goes forward. After a step backward its
// data are in the future: they are looked at first, by monctl data.
func (h Host) aroundStep(ahead time.Duration) (stop, start []Step) {
	for _, c := range h.Of("prometheus") {
		if !c.Running {
			continue
		}
		if c.Unit == "" {
			stop = append(stop, Step{"end the Prometheus that was started by hand (its clock must not step under it)", fmt.Sprintf("kill -TERM %d && while kill -0 %d 2>/dev/null; do sleep 0.2; done", c.Process.PID, c.Process.PID)})
			continue
		}
		stop = append(stop, Step{"stop Prometheus: its clock must not step under it", "systemctl stop " + fleet.Quote(c.Unit)})
		if ahead <= 0 {
			start = append(start, Step{"start it again: the clock went forward only", "systemctl start " + fleet.Quote(c.Unit)})
		}
	}
	return stop, start
}

// stepWith steps with the daemon that runs, else with one that is installed, else with chrony, installed for it.
func (h Host) stepWith(daemons []string) []Step {
	var first []Step
	if len(daemons) == 0 {
		for _, name := range []string{"chrony", "chronyd", "systemd-timesyncd"} {
			if h.hasUnit(name + ".service") {
				first = []Step{{"it is installed: enable it", "systemctl unmask " + name + " && systemctl enable " + name}}
				daemons = []string{name}
				break
			}
		}
	}
	if len(daemons) == 0 {
		return append(installChrony(), chronySteps("chrony")...)
	}
	return append(first, stepOf(daemons[0])...)
}

// stepOf steps with one daemon.
func stepOf(d string) []Step {
	switch {
	case strings.HasPrefix(d, "chrony"):
		return chronySteps(d)
	case strings.HasPrefix(d, "systemd-timesyn"):
		return []Step{
			{"timesyncd steps when it first hears from a server", "rm -f /run/systemd/timesync/synchronized && systemctl restart systemd-timesyncd"},
			{"wait until it has, 30 s at most", "i=0; until [ -e /run/systemd/timesync/synchronized ]; do i=$((i+1)); [ $i -lt 30 ] || exit 1; sleep 1; done"},
		}
	default:
		return []Step{
			{"ntpd steps once, whatever the size", "systemctl stop " + fleet.Quote(d) + " && ntpd -gq"},
			{"and goes on", "systemctl start " + fleet.Quote(d)},
		}
	}
}

// chronySteps makes the next steps by themselves, then one now.
func chronySteps(unit string) []Step {
	return []Step{
		chronySetting("makestep", "makestep 1 -1"),
		chronySetting("rtcsync", "rtcsync"),
		{"read the new configuration", "systemctl restart " + fleet.Quote(unit)},
		{"wait for a source, at most 30 s", "chronyc waitsync 15 0 0 2 || true"},
		{"step now", "chronyc makestep"},
	}
}

// chronySetting adds a line to chrony.conf unless one of its kind is there; makestep is replaced. The old file is kept aside.
func chronySetting(key, line string) Step {
	return Step{
		"chrony.conf: " + line,
		`f=/etc/chrony/chrony.conf; [ -f "$f" ] || f=/etc/chrony.conf; [ -f "$f" ] || exit 1
grep -qx ` + fleet.Quote(line) + ` "$f" || { cp -p "$f" "$f.before-monctl-` + key + `" && sed -i ` + fleet.Quote(`s/^[[:space:]]*`+key+`\b.*/# &/`) + ` "$f" && printf '%s\n' ` + fleet.Quote(line) + ` >>"$f"; }`,
	}
}

// installChrony uses the host's own package manager.
func installChrony() []Step {
	return []Step{{
		"install chrony from the host's own package sources", `if command -v apt-get >/dev/null; then DEBIAN_FRONTEND=noninteractive apt-get install -y -q chrony
elif command -v dnf >/dev/null; then dnf install -y -q chrony && systemctl enable chronyd
elif command -v zypper >/dev/null; then zypper -n -q install chrony && systemctl enable chronyd
elif command -v yum >/dev/null; then yum install -y -q chrony && systemctl enable chronyd
else echo 'no package manager that is known' >&2; exit 1; fi`,
	}}
}

// fixDaemon leaves exactly one time daemon.
func fixDaemon(f Fleet, found Finding) (Fix, bool) {
	h, ok := f.Host(found.Host)
	if !ok || found.Level < Warn {
		return Fix{}, false
	}
	fix := Fix{Host: h.Name, Title: "let exactly one time daemon keep the clock of " + h.Name, Risk: "The daemon may step the clock when it first hears from a server."}
	if off, known := h.offset(f); found.Tag == "none" && known && off.Outside(time.Second) {
		return fixOffset(f, Finding{Host: h.Name, Level: Warn}) // which installs one, with Prometheus stopped
	}
	switch {
	case found.Tag == "none" && h.hasUnit("systemd-timesyncd.service"):
		fix.Steps = []Step{{"it is installed: enable it", "systemctl unmask systemd-timesyncd && systemctl enable --now systemd-timesyncd"}}
	case found.Tag == "none":
		fix.Steps = installChrony()
	default:
		for _, d := range h.timeDaemons()[1:] {
			if h.hasUnit(d + ".service") {
				fix.Steps = append(fix.Steps, Step{"stop and disable the other one", "systemctl disable --now " + fleet.Quote(d)})
			}
		}
	}
	return fix, len(fix.Steps) > 0
}

func (h Host) hasUnit(name string) bool {
	return slices.ContainsFunc(h.Units, func(u Unit) bool { return u.Name == name })
}

// fixSlewing lets chrony step what it slews.
func fixSlewing(f Fleet, found Finding) (Fix, bool) {
	h, ok := f.Host(found.Host)
	if !ok || len(h.timeDaemons()) == 0 {
		return Fix{}, false
	}
	if fix, can := fixOffset(f, found); can {
		return fix, true
	}
	t, ok := h.tracking()
	if !ok {
		return Fix{}, false
	}
	stop, start := h.aroundStep(time.Duration(t.system * float64(time.Second)))
	fix := Fix{Host: h.Name, Title: "let chrony step the clock of " + h.Name, Risk: "The clock is stepped."}
	fix.Steps = append(append(stop, chronySteps(h.timeDaemons()[0])...), start...)
	if len(stop) > len(start) {
		fix.Then = "monctl data inspect " + h.Name + "/prometheus   # before Prometheus is started again: the clock goes backward"
	}
	return fix, true
}

// fixRTCSync tells the kernel.
func fixRTCSync(f Fleet, found Finding) (Fix, bool) {
	h, ok := f.Host(found.Host)
	if !ok || len(h.timeDaemons()) == 0 {
		return Fix{}, false
	}
	return Fix{
		Host: h.Name, Title: "let chrony tell the kernel of " + h.Name + " that its clock is right",
		Steps: []Step{chronySetting("rtcsync", "rtcsync"), {"read the new configuration", "systemctl restart " + fleet.Quote(h.timeDaemons()[0])}},
	}, true
}

// fixRTC puts UTC into the hardware clock.
func fixRTC(_ Fleet, found Finding) (Fix, bool) {
	if found.Tag != "local" {
		return Fix{}, false
	}
	return Fix{
		Host: found.Host, Title: "let the hardware clock of " + found.Host + " keep UTC",
		Steps: []Step{{"the system clock is not touched", "timedatectl set-local-rtc 0"}}, Risk: "Another system on the same machine that expects local time.",
	}, true
}

// fixVMware leaves the clock to the time daemon.
func fixVMware(_ Fleet, found Finding) (Fix, bool) {
	return Fix{
		Host: found.Host, Title: "leave the clock of " + found.Host + " to its time daemon",
		Steps: []Step{{"VMware Tools no longer sets it", "vmware-toolbox-cmd timesync disable"}},
	}, true
}

// fixBootOrder lets Prometheus wait for the right time, 60 s at most.
func fixBootOrder(f Fleet, found Finding) (Fix, bool) {
	h, ok := f.Host(found.Host)
	if !ok || len(h.timeDaemons()) == 0 {
		return Fix{}, false
	}
	i := slices.IndexFunc(h.Components, func(c Component) bool { return c.Name == found.Component })
	wait := waitService(h.timeDaemons()[0])
	if i < 0 || wait == "" {
		return Fix{}, false
	}
	dir := "/etc/systemd/system/" + h.Components[i].Unit + ".d"
	limit := "/etc/systemd/system/" + wait + ".d"
	return Fix{
		Host: h.Name, Title: "let " + h.Components[i].Unit + " wait for the right time at boot",
		Risk: "Without network at boot, Prometheus starts a minute later.",
		Steps: []Step{
			{"order it after the time", "mkdir -p " + fleet.Quote(dir) + ` && printf '[Unit]\nWants=time-sync.target\nAfter=time-sync.target\n' >` + fleet.Quote(dir+"/time-sync.conf")},
			{"wait a minute at most", "mkdir -p " + fleet.Quote(limit) + ` && printf '[Service]\nTimeoutStartSec=60\n' >` + fleet.Quote(limit+"/limit.conf")},
			{"let time-sync.target wait; nothing is restarted", "systemctl daemon-reload && systemctl enable " + fleet.Quote(wait)},
		},
	}, true
}

// offset is the host's clock minus true time.
func (h Host) offset(f Fleet) (off clock.Interval, known bool) {
	ref := f.reference()
	return h.Clock.Offset.Minus(ref.Offset), ref.Known && h.Clock.Known
}
