package doctor

import (
	"fmt"
	"math"
	"strings"
)

// clockSlewing finds a correction that would take for ever.
func clockSlewing() Check {
	const id = "clock/slewing"
	return Check{
		ID: id, Title: "corrections are stepped, not slewed for ever", Reads: []string{daemonProbe}, After: []string{"clock/suspended"}, Needs: []Shared{Clocks}, Judge: judgeSlewing, Fix: fixSlewing,
		Doc: Doc{
			Symptom:  "`System time : 1234.5 seconds slow of NTP time` in chronyc tracking, shrinking very slowly.",
			Cause:    "chronyd slews after its first updates: makestep is missing or limited to the first ones.",
			Evidence: "chronyc -c tracking, field 5.",
			Fix:      "Stop Prometheus, chronyc makestep, makestep 1 3 (1 -1 on machines that suspend) in the configuration.",
			Risk:     "A step breaks what relies on a clock that only goes forward; Prometheus is stopped for it.",
			Source:   "chrony doc/faq.adoc, “Is chronyd allowed to step the system clock?”",
		},
	}
}

func judgeSlewing(f Fleet) []Finding {
	return perHost("clock/slewing", func(h Host) []Finding { return h.judgeSlewing(f) })(f)
}

// judgeSlewing takes chrony at its word. What it is still correcting explains the offset that was measured when both are alike; a chrony
// that follows a wrong source does not.
func (h Host) judgeSlewing(f Fleet) []Finding {
	t, ok := h.tracking()
	if !ok || math.Abs(t.system) < 1 || math.IsNaN(t.system) {
		return nil
	}
	word := "fast"
	if t.system < 0 {
		word = "slow"
	}
	found := one(Warn, fmt.Sprintf("chrony is still correcting %.1f s, slowly (the clock is %s)", math.Abs(t.system), word),
		"chronyd slews what it may not step: "+h.makestep(), "monctl doctor --fix --only clock/slewing "+h.Name, Number("correction that remains", t.system, "s"))
	off, known := h.offset(f)
	found[0].Slight = !known || math.Abs(off.Value().Seconds()-t.system) > off.Bound().Seconds()+1+math.Abs(t.system)/10
	if !found[0].Slight {
		found[0].Level = max(Warn, f.Settings.verdict(off))
	}
	return found
}

func (h Host) makestep() string {
	for _, s := range h.Probes[daemonProbe].All("setting") {
		if strings.HasPrefix(s, "makestep") {
			return "its configuration says " + s + "."
		}
	}
	return "its configuration has no makestep."
}
