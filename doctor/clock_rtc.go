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
