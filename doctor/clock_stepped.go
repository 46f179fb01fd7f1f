package doctor

import (
	"fmt"
	"time"
)

// clockStepped finds a clock that jumped while it was measured.
func clockStepped() Check {
	const id = "clock/stepped"
	return Check{
		ID: id, Title: "no clock was stepped during the measurement", Needs: []Shared{Clocks}, Judge: perHost(id, judgeStepped),
		Doc: Doc{
			Symptom:  "Two readings of one clock, a moment apart, contradict each other.",
			Cause:    "Somebody or something set the clock in the middle of the measurement.",
			Evidence: "The intervals of the exchanges have nothing in common; they are not averaged. What is shown is the offset after the step.",
			Fix:      "Run again. When it happens again, look for two that set the clock: two time daemons, a hypervisor, a cron job with ntpdate.",
			Risk:     "None.",
			Source:   "Each exchange bounds the offset for certain: RFC 5905, section 8",
		},
	}
}

func judgeStepped(h Host) []Finding {
	if !h.Clock.Stepped {
		return nil
	}
	return one(Warn, fmt.Sprintf("the clock was stepped by about %v while it was measured", h.Clock.Step.Round(time.Millisecond)),
		"Something sets this clock right now: a time daemon that has just started, or two that disagree.", "monctl doctor time-drift   # once more",
		Measured("step", h.Clock.Step.Seconds(), h.Clock.Offset.Bound().Seconds(), "s"), Number("samples", float64(h.Clock.Samples), "1"))
}
