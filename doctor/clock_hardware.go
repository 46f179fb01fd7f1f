package doctor

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet/facts"
)

// clockRTC judges the hardware clock, from which the system clock starts at boot.
func clockRTC() Check {
	const id = "clock/rtc"
	return Check{
		ID: id, Title: "the hardware clock keeps UTC and is right", Reads: []string{daemonProbe}, After: []string{"clock/offset"}, Judge: perHost(id, judgeRTC), Fix: fixRTC,
		Doc: Doc{
			Symptom:  "After every boot the clock is wrong, often by whole hours, until NTP corrects it.",
			Cause:    "The hardware clock keeps local time, its battery is dead, or nobody writes it.",
			Evidence: "The third line of /etc/adjtime; /sys/class/rtc/rtc0/since_epoch against the system clock.",
			Fix:      "timedatectl set-local-rtc 0; rtcsync in chrony.conf, or hwclock --systohc once.",
			Risk:     "None while the system runs.",
			Source:   "hwclock(8), “The Adjtime File”; RHEL virtualisation guide, clock element; systemd#8719",
		},
	}
}

func judgeRTC(h Host) []Finding {
	if !h.setsItsClock() {
		return nil
	}
	if h.Facts.Clock.RTCLocal == facts.Yes {
		f := one(Warn, "the hardware clock keeps local time", "At boot it is taken for local time of the zone set then: a change of zone or of daylight saving makes the clock wrong by hours.",
			"timedatectl set-local-rtc 0", Says("/etc/adjtime", "LOCAL"))
		f[0].Tag = "local"
		return f
	}
	off := h.rtcOffset()
	if off.Abs() <= time.Minute {
		return nil
	}
	f := one(Note, fmt.Sprintf("the hardware clock is %v away from the system clock", off.Abs()),
		"Nobody writes it, or its battery is dead: the next boot starts with a wrong clock.", "hwclock --systohc   # once the system clock is right",
		Measured("hardware clock minus system clock", off.Seconds(), 1, "s"))
	f[0].Tag = "off"
	return f
}

// rtcOffset is the hardware clock minus the system clock, true to a second; 0 when there is none.
func (h Host) rtcOffset() time.Duration {
	w := strings.Fields(h.Probes[daemonProbe].Get("rtc_seconds"))
	if len(w) != 2 {
		return 0
	}
	rtc, err := strconv.ParseInt(w[0], 10, 64)
	system, err2 := strconv.ParseInt(w[1], 10, 64)
	if err != nil || err2 != nil {
		return 0
	}
	return time.Duration(rtc-system) * time.Second
}

// clockBootOrder wants Prometheus to start after the clock is right.
func clockBootOrder() Check {
	const id = "clock/boot-order"
	return Check{
		ID: id, Title: "Prometheus starts after the clock is right", On: []string{"prometheus", "monitor"}, Reads: []string{daemonProbe}, After: []string{"clock/offset"},
		Judge: perHost(id, judgeBootOrder), Fix: fixBootOrder,
		Doc: Doc{
			Symptom:  "After a boot everything is out of bounds, and works when Prometheus is restarted later.",
			Cause:    "Prometheus starts before the clock was corrected. time-sync.target alone does not wait: the wait service of the time daemon must be enabled, too.",
			Evidence: "After= of the unit; whether systemd-time-wait-sync or chrony-wait is enabled.",
			Fix:      "A drop-in After=time-sync.target, and the wait service enabled, with a limit so that a boot without network does not hang.",
			Risk:     "Prometheus starts later when there is no network.",
			Source:   "systemd-time-wait-sync.service(8); prometheus#10028",
		},
	}
}

func judgeBootOrder(h Host) []Finding {
	daemons := h.timeDaemons()
	if !h.setsItsClock() || len(daemons) == 0 {
		return nil
	}
	var found []Finding
	for _, c := range h.Of("prometheus", "monitor") {
		u, ok := h.Unit(c.Unit)
		if !ok || u.Get("UnitFileState") != "enabled" {
			continue
		}
		ordered := strings.Contains(" "+u.Get("After")+" ", " time-sync.target ")
		wait := waitService(daemons[0])
		w, _ := h.Unit(wait)
		waits := w.Get("UnitFileState") == "enabled"
		if wait == "" || ordered && waits {
			continue
		}
		level := Note
		if h.Probes[daemonProbe].Get("rtc") == "" || h.rtcOffset().Abs() > time.Minute {
			level = Warn // every boot begins at a wrong time
		}
		found = append(found, Finding{
			Level: level, Component: c.Name, Title: c.Unit + " does not wait for the right time at boot",
			Evidence: []Evidence{Says("After=time-sync.target", yesNo(ordered)), Says(wait+" enabled", yesNo(waits))},
			Cause:    "A wrong hardware clock at boot makes Prometheus store samples at wrong times before the time daemon corrects it.",
			Fix:      "monctl doctor --fix --only clock/boot-order " + h.Name,
		})
	}
	return found
}

// waitService delays time-sync.target until a daemon has set the clock.
func waitService(daemon string) string {
	switch daemon {
	case "systemd-timesyncd":
		return "systemd-time-wait-sync.service"
	case "chrony", "chronyd":
		return "chrony-wait.service"
	case "ntpsec", "ntp":
		return "ntp-wait.service"
	}
	return ""
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// clockVMware finds a hypervisor that sets the clock against the time daemon.
func clockVMware() Check {
	const id = "clock/vmware"
	return Check{
		ID: id, Title: "the hypervisor does not set the clock, too", Reads: []string{daemonProbe}, Judge: perHost(id, judgeVMware), Fix: fixVMware,
		Doc: Doc{
			Symptom:  "The clock jumps every few hours, or at a snapshot or migration, although the time daemon is fine.",
			Cause:    "VMware Tools sets the clock of the guest, and the time daemon corrects it back.",
			Evidence: "vmware-toolbox-cmd timesync status, beside a running time daemon.",
			Fix:      "vmware-toolbox-cmd timesync disable, and time.synchronize.* = FALSE in the .vmx for the one-off steps.",
			Risk:     "None while a time daemon runs.",
			Source:   "VMware Tools guide, “Configuring time synchronization”",
		},
	}
}

func judgeVMware(h Host) []Finding {
	if h.Probes[daemonProbe].Get("vmware") != "Enabled" || len(h.timeDaemons()) == 0 {
		return nil
	}
	return one(Warn, "VMware Tools sets the clock, and so does "+h.timeDaemons()[0], "Two correct one clock: it jumps at every snapshot, resume and migration.",
		"vmware-toolbox-cmd timesync disable", Says("vmware-toolbox-cmd timesync status", "Enabled"))
}
