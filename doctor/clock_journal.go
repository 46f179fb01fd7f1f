package doctor

import (
	"fmt"
	"regexp"
	"strings"
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

// clockLog finds what time daemons say in the journal when they give up.
func clockLog() Check {
	const id = "clock/log"
	return Check{
		ID: id, Title: "time daemons log no failure", Needs: []Shared{Journal}, Judge: perHost(id, judgeLog),
		Doc: Doc{
			Symptom:  "`System clock time unset or jumped backwards, restoring from recorded timestamp`; `time correction of N seconds exceeds sanity limit`, `Panic: offset too big` (ntpsec); `adjtimex … Operation not permitted`.",
			Cause:    "No hardware clock or a dead battery; an offset beyond what ntpd corrects by itself (1000 s); a container, which cannot set the clock.",
			Evidence: "The journal of the time daemons since boot.",
			Fix:      "See the finding.",
			Risk:     "Stepping a clock: Prometheus is to be stopped first.",
			Source:   "systemd#8719, #36498; ntpd(8), panic threshold; chronyd(8), -x",
		},
	}
}

// logged are messages of time daemons and what they mean.
var logged = []struct {
	text              *regexp.Regexp
	level             Level
	title, cause, fix string
}{
	{
		regexp.MustCompile(`System clock time unset or jumped backwards, restoring`), Note, "the clock started in the past at this boot",
		"There is no hardware clock, or its battery is dead: systemd began with the time of the last shutdown.", "Replace the battery; let Prometheus wait for the right time: clock/boot-order.",
	},
	{
		regexp.MustCompile(`exceeds sanity limit|panic threshold|Panic: offset too big|Unreasonably large|step.*panic`), Fail, "ntpd has given up: the clock is too far off for it",
		"ntpd corrects no more than 1000 s by itself.", "Stop Prometheus, then step once: ntpd -gq, and start it again. chrony does not have this limit.",
	},
	{
		regexp.MustCompile(`adjtimex.*(Operation not permitted|not permitted)|Could not set.*Operation not permitted`), Note, "a time daemon runs where it may not set the clock",
		"This is a container: its clock is that of the machine.", "Disable the time daemon here, and keep the machine's clock right.",
	},
	{regexp.MustCompile(`(?i)can't resolve|Temporary failure in name resolution|Could not resolve`), Note, "a time daemon could not resolve a server's name", "DNS did not answer it.", "Check the resolver, or name the server by its address."},
}

func judgeLog(h Host) []Finding {
	var found []Finding
	for _, l := range logged {
		for i := len(h.Journal) - 1; i >= 0; i-- {
			e := h.Journal[i]
			if !timeUnit(e.Unit) || !l.text.MatchString(e.Text) || h.over(e) {
				continue
			}
			// Names that did not resolve at boot, before the network was up, are of no interest later.
			if strings.Contains(l.title, "resolve") && h.Facts.Clock.Uptime-e.Monotonic > time.Hour {
				break
			}
			f := one(l.level, l.title, l.cause, l.fix, Says(e.Unit, e.Text))
			f[0].Tag, f[0].Since = l.title, e.At
			found = append(found, f...)
			break
		}
	}
	return found
}

// over says that what a time daemon said is of the past: it was removed or started again since, or another one follows a source now.
func (h Host) over(e Entry) bool {
	u, ok := h.Unit(e.Unit)
	switch {
	case !ok || u.Get("LoadState") == "not-found":
		return true
	case u.Get("ActiveState") == "active":
		return e.Monotonic < h.runSince(e.Unit)
	}
	daemons := h.timeDaemons()
	if len(daemons) == 0 || daemons[0]+".service" == e.Unit {
		return false
	}
	synced, _ := h.synchronised(daemons[0])
	return synced == "yes"
}

func timeUnit(unit string) bool {
	return strings.HasPrefix(unit, "chrony") || strings.HasPrefix(unit, "systemd-timesyncd") || strings.HasPrefix(unit, "ntp") || strings.HasPrefix(unit, "openntpd")
}
