package doctor

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// tracking is the line of `chronyc -c tracking` (chrony doc/chronyc.adoc): comma-separated, seconds and ppm. There, the
// system time is negative when the clock is fast of NTP time (seen with 4.3).
type tracking struct {
	system, rootDelay, rootDispersion float64 // s; system is what is still to be corrected, positive when the clock is fast
	leap                              string  // "Normal", "Not synchronised"
}

func (h Host) tracking() (tracking, bool) {
	w := strings.Split(h.Probes[daemonProbe].Get("tracking"), ",")
	if len(w) < 14 {
		return tracking{}, false
	}
	number := func(i int) float64 {
		v, err := strconv.ParseFloat(w[i], 64)
		if err != nil {
			return math.NaN()
		}
		return v
	}
	return tracking{system: -number(4), rootDelay: number(10), rootDispersion: number(11), leap: w[13]}, true
}

// fresh is how long a time daemon may need after its start until it is synchronised: chrony some ten seconds (iburst),
// timesyncd up to 34 s when the first server is silent.
const fresh = 90 * time.Second

// startedAgo is how long ago a unit became active; false when that is not known.
func (h Host) startedAgo(unit string) (time.Duration, bool) {
	u, _ := h.Unit(unit + ".service")
	us, err := strconv.ParseInt(u.Get("ActiveEnterTimestampMonotonic"), 10, 64)
	if err != nil || us <= 0 || h.Facts.Clock.Uptime == 0 {
		return 0, false
	}
	return h.Facts.Clock.Uptime - time.Duration(us)*time.Microsecond, true
}

// clockSynchronised wants the one time daemon to follow a source.
func clockSynchronised() Check {
	const id = "clock/synchronised"
	return Check{
		ID: id, Title: "the time daemon follows a source", Reads: []string{daemonProbe}, Judge: perHost(id, judgeSynchronised), Fix: fixSynchronised,
		Doc: Doc{
			Symptom:  "`System clock synchronized: no`; `Leap status : Not synchronised`, `Reference ID : 00000000 ()`; `Packet count: 0`.",
			Cause:    "No source answers (UDP port 123 blocked, DNS), all of them are unusable, or the daemon was started a moment ago.",
			Evidence: "chronyc -c tracking and sources; timedatectl; ntpq -c rv.",
			Fix:      "Open outgoing UDP port 123, or name a source inside the network: monctl doctor --fix --ntp SERVER tells the daemon to ask it. No step until a source answers.",
			Risk:     "Low.",
			Source:   "chrony doc/faq.adoc, chronyc.adoc; systemd#13912",
		},
	}
}

func judgeSynchronised(h Host) []Finding {
	daemons := h.timeDaemons()
	if !h.setsItsClock() || len(daemons) == 0 {
		return nil
	}
	synced, how := h.synchronised(daemons[0])
	switch synced {
	case "yes":
		return nil
	case "":
		return unsure("cannot tell whether "+daemons[0]+" is synchronised", how)
	}
	if ago, ok := h.startedAgo(daemons[0]); ok && ago < fresh {
		return unsure(fmt.Sprintf("cannot tell yet: %s started %v ago", daemons[0], ago.Round(time.Second)), how)
	}
	f := one(Warn, daemons[0]+" follows no source", how, "Let UDP port 123 out, or name a source that can be reached.",
		append(h.sources(), Says("servers configured", strings.Join(h.Probes[daemonProbe].All("server"), ", ")))...)
	return f
}

// synchronised asks what the daemon said: "yes", "no", or "" with the reason why it cannot be told.
func (h Host) synchronised(daemon string) (answer, how string) {
	p := h.Probes[daemonProbe]
	if t, ok := h.tracking(); ok && strings.HasPrefix(daemon, "chrony") {
		switch {
		case t.leap != "Not synchronised":
			return "yes", ""
		case len(p.All("source")) > 0 && h.reached() == 0:
			return "no", "None of its sources answers: UDP port 123 is blocked on the way, the names do not resolve, or the servers are down."
		case len(p.All("source")) == 0:
			return "no", "It has no source at all."
		}
		return "no", "Its sources answer, but none of them is usable (they contradict each other or are not synchronised themselves)."
	}
	if strings.HasPrefix(daemon, "ntp") {
		for _, line := range p.All("ntp") {
			if strings.Contains(line, "sync_unspec") || strings.Contains(line, "leap_alarm") {
				return "no", "ntpq says that it is not synchronised."
			}
			if strings.Contains(line, "sync_ntp") {
				return "yes", ""
			}
		}
	}
	switch p.Get("timedatectl.NTPSynchronized") {
	case "yes":
		return "yes", ""
	case "no":
		if strings.Contains(p.Get("timesync.NTPMessage"), "PacketCount=0") || p.Get("timesync.ServerAddress") == "" && daemon == "systemd-timesyncd" {
			return "no", "No server has answered it: UDP port 123 is blocked on the way, or the names do not resolve."
		}
		return "no", "The kernel says that its clock is not synchronised."
	}
	return "", "neither the daemon nor timedatectl answered"
}

// sources is what chrony says of each, as evidence.
func (h Host) sources() []Evidence {
	var list []Evidence
	for _, line := range h.Probes[daemonProbe].All("source") {
		if w := strings.Split(line, ","); len(w) >= 8 {
			list = append(list, Says("source "+w[2], fmt.Sprintf("state %q, stratum %s, reach %s", w[1], w[3], w[5])))
		}
	}
	return list
}

// reached counts the sources of chrony that answered at least one of the last eight questions (reach, octal).
func (h Host) reached() (n int) {
	for _, line := range h.Probes[daemonProbe].All("source") {
		if w := strings.Split(line, ","); len(w) >= 8 && w[5] != "0" {
			n++
		}
	}
	return n
}

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
func (h Host) judgeSlewing(fleet Fleet) []Finding {
	t, ok := h.tracking()
	if !ok || math.Abs(t.system) < 1 || math.IsNaN(t.system) {
		return nil
	}
	word := "fast"
	if t.system < 0 {
		word = "slow"
	}
	f := one(Warn, fmt.Sprintf("chrony is still correcting %.1f s, slowly (the clock is %s)", math.Abs(t.system), word),
		"chronyd slews what it may not step: "+h.makestep(), "monctl doctor --fix --only clock/slewing "+h.Name, Number("correction that remains", t.system, "s"))
	off, known := h.offset(fleet)
	f[0].Slight = !known || math.Abs(off.Value().Seconds()-t.system) > off.Bound().Seconds()+1+math.Abs(t.system)/10
	if !f[0].Slight {
		f[0].Level = max(Warn, fleet.Settings.verdict(off))
	}
	return f
}

func (h Host) makestep() string {
	for _, s := range h.Probes[daemonProbe].All("setting") {
		if strings.HasPrefix(s, "makestep") {
			return "its configuration says " + s + "."
		}
	}
	return "its configuration has no makestep."
}

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

// clockKernel finds a chrony that is right while the kernel is not told.
func clockKernel() Check {
	const id = "clock/rtcsync"
	return Check{
		ID: id, Title: "the kernel knows that its clock is synchronised", Reads: []string{daemonProbe}, After: []string{"clock/synchronised"},
		Judge: perHost(id, judgeKernel), Fix: fixRTCSync,
		Doc: Doc{
			Symptom:  "The alert NodeClockNotSynchronising fires, node_timex_sync_status is 0, while chronyc says that all is well.",
			Cause:    "chrony without rtcsync never clears the kernel's unsynchronised flag.",
			Evidence: "chronyc -c tracking says Normal, the kernel's flag STA_UNSYNC is set, and the configuration has no rtcsync. timedatectl says yes all the same: it looks at the kernel's error.",
			Fix:      "Add rtcsync to chrony.conf and restart chrony.",
			Risk:     "None.",
			Source:   "bottlerocket#1183; node_exporter collector/timex.go; chrony sys_timex.c; systemd time-util.c, ntp_synced()",
		},
	}
}

func judgeKernel(h Host) []Finding {
	p := h.Probes[daemonProbe]
	t, ok := h.tracking()
	if !ok || !h.setsItsClock() || t.leap == "Not synchronised" || p.Get("unsynchronised") != "yes" {
		return nil
	}
	for _, s := range p.All("setting") {
		if strings.HasPrefix(s, "rtcsync") {
			return nil
		}
	}
	return one(Warn, "chrony is synchronised, and the kernel is not told", "chrony.conf has no rtcsync, so that node_timex_sync_status stays 0 and NodeClockNotSynchronising fires for nothing.",
		"monctl doctor --fix --only clock/rtcsync "+h.Name, Says("chronyc", "leap status "+t.leap), Says("adjtimex", "STA_UNSYNC is set"))
}
