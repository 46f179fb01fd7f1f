package doctor

import (
	"strings"
	"time"
)

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
