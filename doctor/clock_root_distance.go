package doctor

import (
	"fmt"
	"strings"
	"time"
)

// clockDistance finds sources that are too far from a primary one to be believed.
func clockDistance() Check {
	const id = "clock/root-distance"
	return Check{
		ID: id, Title: "the source's own error is small", Reads: []string{daemonProbe}, Needs: []Shared{Journal}, After: []string{"clock/synchronised"},
		Judge: judgeDistance,
		Doc: Doc{
			Symptom:  "`Server has too large root distance. Disconnecting.`; `Root dispersion` of many seconds.",
			Cause:    "The NTP server is itself far from a primary clock, typically a Windows domain controller or an isolated server.",
			Evidence: "Root delay / 2 + root dispersion, of which systemd-timesyncd accepts 5 s.",
			Fix:      "Use a better server; or RootDistanceMaxSec= of timesyncd, maxdistance of chrony.",
			Risk:     "Low.",
			Source:   "systemd#7211, #13912, PR#14623; balena-os/meta-balena#1852",
		},
	}
}

func judgeDistance(f Fleet) []Finding {
	most := f.Settings.RootDistance.Seconds()
	return perHost("clock/root-distance", func(h Host) []Finding { return h.judgeDistance(most) })(f)
}

// judgeDistance judges chrony's own word, and the journal of timesyncd, which drops such a server by itself.
func (h Host) judgeDistance(most float64) []Finding {
	if t, ok := h.tracking(); ok && t.leap != "Not synchronised" && t.rootDelay/2+t.rootDispersion > most {
		distance := t.rootDelay/2 + t.rootDispersion
		if ago, known := h.startedAgo("chrony"); known && ago < fresh { // its first measurements disperse
			return unsure(fmt.Sprintf("cannot tell yet: chrony started %v ago", ago.Round(time.Second)), "its source may be wrong by some seconds until it has measured for a while")
		}
		return one(Warn, fmt.Sprintf("chrony's source may be wrong by %.0f s", distance),
			"The NTP server is far from a primary clock.", "Use a better server in chrony.conf.", Number("root delay / 2 + root dispersion", distance, "s"))
	}
	if e, ok := h.lastEntry("systemd-timesyncd.service", "too large root distance"); ok {
		return one(Warn, "systemd-timesyncd refuses its server: too large root distance", "The NTP server is far from a primary clock.",
			"Use a better server in /etc/systemd/timesyncd.conf, or RootDistanceMaxSec=30", Says("journal", e.Text))
	}
	return nil
}

// lastEntry is the last line of the journal of a unit that contains a text; unit "" is any.
func (h Host) lastEntry(unit, text string) (Entry, bool) {
	for i := len(h.Journal) - 1; i >= 0; i-- {
		if e := h.Journal[i]; (unit == "" || e.Unit == unit) && strings.Contains(e.Text, text) {
			return e, true
		}
	}
	return Entry{}, false
}
