package doctor

import (
	"fmt"
	"slices"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// clockOffset compares each host's clock with true time.
func clockOffset() Check {
	return Check{
		ID: "clock/offset", Title: "clocks show the true time", Needs: []Shared{Clocks}, Reads: []string{daemonProbe},
		After: []string{"clock/shifted", "clock/suspended", "clock/slewing"}, Judge: judgeOffset, Fix: fixOffset,
		Doc: Doc{
			Symptom:  "`Error fetching server time: Detected N seconds time difference between your browser and the server` (Prometheus 2), `Server time is out of sync` (3); samples out of bounds; logs of two hosts that do not match.",
			Cause:    "The clock of the host is wrong. A whole quarter of an hour that is a zone's offset means that local time was written into the UTC clock.",
			Evidence: "Some sixteen exchanges of time stamps with a loop on the host, over the connection that is there. Each holds the truth for certain within half its round trip, so that their intersection does; the bound is hard and assumes nothing about the path. True time is what most NTP servers say, else the median of the fleet.",
			Fix:      "Stop Prometheus if it runs there, step the clock from NTP, keep one time daemon with makestep and rtcsync. After a backward step, look after the data with monctl data before Prometheus starts again.",
			Risk:     "A backward step under a running Prometheus freezes its scrapes; samples of the future stay in its head. The fix stops it first.",
			Source:   "50 ms: node-mixin NodeClockSkewDetected; 30 s: Prometheus web/ui PanelList.tsx, QueryPage.tsx; 10 min: scrape.go maxAheadTime; 1 h: head_append.go",
		},
	}
}

func judgeOffset(f Fleet) []Finding {
	ref := f.reference()
	var all []Finding
	for _, h := range f.Hosts {
		switch {
		case !h.Clock.Known:
			all = append(all, Finding{Host: h.Name, Level: Unknown, Title: "cannot tell: the clock could not be measured: " + h.Clock.Err})
		case !ref.Known:
			all = append(all, againstHere(f, h, ref)...)
		default:
			all = append(all, judgeHostOffset(f, h, ref)...)
		}
	}
	return all
}

func judgeHostOffset(f Fleet, h Host, ref reference) []Finding {
	off := h.Clock.Offset.Minus(ref.Offset)
	level := f.Settings.verdict(off)
	if level == OK {
		return nil
	}
	found := Finding{
		Host: h.Name, Level: level, Title: "the clock is " + ahead(off), Slight: level < Fail,
		Evidence: append([]Evidence{offsetEvidence("offset to true time", off), Says("true time by", ref.Source), Says("read with", h.Clock.Reader)}, breaks(off)...),
		Cause:    "The clock of this host is wrong.",
		Fix:      "monctl doctor --fix --only clock/offset " + h.Name,
	}
	if level == Unknown {
		found.Title = fmt.Sprintf("cannot tell: the clock is %s ± %s, and the threshold is %v", ahead(off), spell(off.Bound(), off.Bound()/10), f.Settings.OffsetWarn)
		found.Cause, found.Fix = "The measurement is too coarse to say on which side of the threshold it lies.", ""
		return []Finding{found}
	}
	if zone, ok := zoneOf(off); ok {
		found.Tag = "local-time"
		found.Title += ": local time of " + zoneName(zone) + " in a clock that keeps UTC"
		found.Cause = h.whyZone(zone, f.Here)
	}
	if !h.setsItsClock() {
		found.Cause = "This is a container: its clock is that of the machine it runs on, and is wrong there."
		found.Fix = "Set the clock of the machine that the container runs on."
	}
	return []Finding{found}
}

// limits are what an offset breaks from some size on, in the programs' own sources.
var limits = []struct {
	from time.Duration
	what string
}{
	{bannerFrom, "30 s: Prometheus' page shows its banner (PanelList.tsx, QueryPage.tsx)"},
	{alertLife, "4 min: alerts arrive at an Alertmanager with the right time already resolved, or late (rules/alerting.go)"},
	{scrapeAhead, "10 min: samples with time stamps, and those sent on by remote write and to Loki, are refused as too new (scrape.go, write_handler.go)"},
	{appendBehind, "1 h: once the clock is right, a TSDB with samples of this clock refuses those of now (head_append.go)"},
}

// breaks names the furthest limit that an offset is certainly beyond.
func breaks(off clock.Interval) []Evidence {
	for _, l := range slices.Backward(limits) {
		if off.Outside(l.from) {
			return []Evidence{Says("further than", l.what)}
		}
	}
	return nil
}

// whyZone names the zone that was mistaken for UTC, most likely first.
func (h Host) whyZone(zone time.Duration, here Here) string {
	why := "Local time was set as if it were UTC (date -s, a hardware clock in local time, or a hypervisor with clock offset=localtime)."
	_, own := h.Facts.Clock.Time.Zone()
	switch {
	case time.Duration(own)*time.Second == zone:
		why += " It is the host's own time zone."
	case time.Duration(here.Zone)*time.Second == zone:
		why += " It is the time zone of this machine, so that it was probably set from here."
	}
	return why
}

// againstHere is all that can be said when nobody knows the true time: two clocks differ.
func againstHere(f Fleet, h Host, ref reference) []Finding {
	if f.Settings.verdict(h.Clock.Offset) < Unknown {
		return nil
	}
	return []Finding{{
		Host: h.Name, Level: Warn, Title: "the clock is " + apartFrom(h.Clock.Offset) + " this machine's, and nobody says which is right",
		Evidence: []Evidence{offsetEvidence("offset to this machine's clock", h.Clock.Offset), Says("true time by", ref.Source)},
		Cause:    "One of the two clocks is wrong. No NTP server answers that could tell which.",
		Fix:      "Name an NTP server that this machine reaches: monctl doctor --ntp SERVER",
		Tag:      "differs",
	}}
}

// differs is the interval between two clocks that were both compared with this machine's.
func differs(a, b clock.Reading) (clock.Interval, bool) {
	return a.Offset.Minus(b.Offset), a.Known && b.Known
}
