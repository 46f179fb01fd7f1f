package doctor

import (
	"regexp"
	"strings"
	"time"
)

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
