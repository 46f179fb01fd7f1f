package doctor

import (
	"fmt"
	"time"
)

// clockHistory finds steps in the past, in the two time stamps that every line of the journal has.
func clockHistory() Check {
	const id = "clock/history"
	return Check{
		ID: id, Title: "the clock was not stepped since boot", Needs: []Shared{Journal}, Reads: []string{daemonProbe}, After: []string{"clock/offset", "clock/stepped"},
		Judge: perHost(id, judgeHistory),
		Doc: Doc{
			Symptom:  "Gaps, or samples out of bounds, at some moment in the past: when did the clock jump, and by how much?",
			Cause:    "The clock was stepped, or the machine was suspended.",
			Evidence: "Every entry of the journal has the real and the monotonic time. Their difference is constant but for steps and suspends.",
			Fix:      "None is needed when the clock is right now. It is evidence for what happened to the data.",
			Risk:     "None.",
			Source:   "systemd.journal-fields(7), __REALTIME_TIMESTAMP and __MONOTONIC_TIMESTAMP",
		},
	}
}

// step is one jump of a clock.
type step struct {
	By time.Duration
	At time.Time // by the clock after the step
}

// steps are jumps of more than a second between two entries of the journal. Slower changes are slews.
func (h Host) steps() []step {
	var list []step
	for i := 1; i < len(h.Journal); i++ {
		a, b := h.Journal[i-1], h.Journal[i]
		if a.At.IsZero() || b.At.IsZero() || b.Monotonic < a.Monotonic {
			continue
		}
		elapsed := b.Monotonic - a.Monotonic
		by := b.At.Sub(a.At) - elapsed
		if by.Abs() > time.Second+elapsed/1000 {
			list = append(list, step{by, b.At})
		}
	}
	return list
}

func judgeHistory(h Host) []Finding {
	steps := h.steps()
	if len(steps) == 0 || !h.setsItsClock() {
		return nil
	}
	last := steps[len(steps)-1]
	f := one(Note, fmt.Sprintf("the clock was stepped by %v at %s", last.By.Round(time.Second), last.At.UTC().Format("2006-01-02 15:04:05 UTC")),
		"A time daemon or a person set it, or the machine was suspended.", "Nothing, when the clock is right now.", Number("steps since boot", float64(len(steps)), "1"))
	f[0].Since = last.At
	for _, s := range steps[max(0, len(steps)-5):] {
		f[0].Evidence = append(f[0].Evidence, Measured("step at "+s.At.UTC().Format(time.RFC3339), s.By.Seconds(), 1, "s"))
	}
	return f
}
