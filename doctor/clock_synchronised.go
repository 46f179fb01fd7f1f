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
