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
	fix := Fix{
		Host: h.Name, Title: "set the clock of " + h.Name + " right: it is " + ahead(h.Clock.Offset.Minus(ref.Offset)),
		Risk: "The clock is stepped. Programs that take times from it see a jump.",
	}
	fix.around(h, h.Clock.Offset.Value()-ref.Offset.Value(), h.stepWith(f))
	return fix, true
}

// around puts the steps of a clock between a stop and a start of every Prometheus on the host. After a step backward its
// data are in the future: it stays stopped, and the data are looked at first, by monctl data.
func (fix *Fix) around(h Host, ahead time.Duration, steps []Step) {
	stop, start := h.aroundStep(ahead)
	fix.Steps = slices.Concat(stop, steps, start)
	if len(stop) > len(start) {
		fix.Then = "monctl data inspect " + h.Name + "/prometheus   # Prometheus stays stopped: its newest samples are in the future; this says what to do with them"
		fix.Risk += " Prometheus stays stopped, because it holds samples of the future."
	}
}

// aroundStep stops every Prometheus before a step and starts it after one that goes forward.
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

// fixDaemon leaves exactly one time daemon.
func fixDaemon(f Fleet, found Finding) (Fix, bool) {
	h, ok := f.Host(found.Host)
	if !ok || found.Level < Warn {
		return Fix{}, false
	}
	if off, known := h.offset(f); found.Tag == "none" && known && off.Outside(time.Second) {
		return fixOffset(f, Finding{Host: h.Name, Level: Warn}) // which installs one, with Prometheus stopped
	}
	fix := Fix{Host: h.Name, Title: "let exactly one time daemon keep the clock of " + h.Name, Risk: "The daemon may step the clock when it first hears from a server."}
	if found.Tag == "none" {
		fix.Steps = h.stepWith(f)
		return fix, true
	}
	_, others := h.keptDaemon()
	for _, d := range others {
		if h.hasUnit(d + ".service") {
			fix.Steps = append(fix.Steps, Step{"stop and disable the other one", "systemctl disable --now " + fleet.Quote(d)})
		}
	}
	return fix, len(fix.Steps) > 0
}

// fixSynchronised names the servers of this run, which are known to answer, to a time daemon that hears nobody.
func fixSynchronised(f Fleet, found Finding) (Fix, bool) {
	h, ok := f.Host(found.Host)
	daemons := h.timeDaemons()
	if !ok || found.Level < Warn || len(daemons) == 0 || len(f.named()) == 0 {
		return Fix{}, false
	}
	fix := Fix{
		Host: h.Name, Title: "let " + daemons[0] + " of " + h.Name + " ask " + strings.Join(f.named(), ", "),
		Risk: "The clock is stepped when the daemon first hears from a server.",
	}
	off, known := h.offset(f)
	if !known || off.Outside(time.Second) {
		fix.around(h, off.Value(), h.stepWith(f))
		return fix, true
	}
	fix.Steps = h.stepWith(f)
	return fix, true
}

// named are the servers that were named for this run and told the time: hosts may be told to ask them, too.
func (f Fleet) named() []string {
	var list []string
	for _, s := range f.Truth.Servers {
		if slices.Contains(f.Settings.NTP, s.Name) && s.Err == "" && !s.Falseticker {
			list = append(list, s.Name)
		}
	}
	return list
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
	fix := Fix{Host: h.Name, Title: "let chrony step the clock of " + h.Name, Risk: "The clock is stepped."}
	fix.around(h, time.Duration(t.system*float64(time.Second)), chronySteps(h.timeDaemons()[0], nil))
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
		Steps: []Step{chronySetting("rtcsync"), {"read the new configuration", "systemctl restart " + fleet.Quote(h.timeDaemons()[0])}},
	}, true
}

// fixRTC puts UTC into the hardware clock, and the right time once the system clock has it.
func fixRTC(f Fleet, found Finding) (Fix, bool) {
	h, ok := f.Host(found.Host)
	off, known := h.offset(f)
	switch {
	case ok && found.Tag == "local":
		return Fix{
			Host: found.Host, Title: "let the hardware clock of " + found.Host + " keep UTC",
			Steps: []Step{{"the system clock is not touched", "timedatectl set-local-rtc 0"}}, Risk: "Another system on the same machine that expects local time.",
		}, true
	case ok && found.Tag == "off" && known && off.Inside(time.Second):
		return Fix{
			Host: found.Host, Title: "set the hardware clock of " + found.Host + " right",
			Steps: []Step{{"the system clock, which is right, is not touched", "hwclock --utc --systohc"}},
		}, true
	}
	return Fix{}, false
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
