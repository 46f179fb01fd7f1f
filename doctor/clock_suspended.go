package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// clockSuspended finds a machine that was asleep, or stopped by what it runs on, while its clock stood still.
func clockSuspended() Check {
	const id = "clock/suspended"
	return Check{
		ID: id, Title: "no suspend left the clock behind", Reads: []string{daemonProbe}, Needs: []Shared{Clocks}, Uses: []Shared{Journal},
		Judge: judgeSuspended, Fix: fixSlewing,
		Doc: Doc{
			Symptom:  "The clock is behind by the length of a suspend, a snapshot, a migration or a laptop's sleep; no data afterwards.",
			Cause:    "The guest's clock stood still, and the time daemon slews instead of stepping.",
			Evidence: "CLOCK_BOOTTIME minus CLOCK_MONOTONIC, which is the time suspended since boot, beside the offset. A guest does not notice that its hypervisor stopped it: then its hardware clock, which went on, is right, its time daemon takes itself for synchronised, and the journal has no step by as much.",
			Fix:      "chronyc makestep; makestep 1 -1 in the configuration, so that the next resume corrects itself.",
			Risk:     "Low: the step is forward.",
			Source:   "prometheus#8243; microsoft/WSL#10006; qemu's -rtc clock=host, which goes on while the guest is stopped (seen with 7.2)",
		},
	}
}

func judgeSuspended(f Fleet) []Finding {
	ref := f.reference()
	var found []Finding
	for _, h := range f.Hosts {
		off := h.Clock.Offset.Minus(ref.Offset)
		if !ref.Known || !h.Clock.Known || !h.setsItsClock() || off.High > -f.Settings.OffsetWarn {
			continue
		}
		asleep := Finding{
			Host: h.Name, Level: max(Warn, f.Settings.verdict(off)), Evidence: []Evidence{offsetEvidence("offset to true time", off)},
			Fix: "monctl doctor --fix --only clock/suspended " + h.Name,
		}
		slept, _ := strconv.ParseFloat(h.Probes[daemonProbe].Get("suspended"), 64)
		switch {
		case slept >= 1:
			asleep.Title = fmt.Sprintf("the machine was suspended for %.0f s since boot, and its clock is %s", slept, ahead(off))
			asleep.Cause = "The clock stood still while the machine was suspended, and nothing stepped it afterwards: " + h.makestep()
			asleep.Evidence = append(asleep.Evidence, Number("suspended since boot", slept, "s"))
		case h.stoodStill(off):
			asleep.Title = "the machine was stopped by what it runs on, and its clock is " + ahead(off)
			asleep.Cause = "A snapshot, a migration, a pause, or the sleep of the machine under this one: the clock stood still meanwhile, and nothing stepped it afterwards: " + h.makestep()
			asleep.Tag = "paused"
			asleep.Evidence = append(
				asleep.Evidence, Measured("hardware clock minus system clock", h.rtcOffset().Seconds(), 1, "s"),
				Says("the time daemon", "takes its clock for synchronised"), Says("steps as large in the journal", "none"),
			)
		default:
			continue
		}
		found = append(found, asleep)
	}
	return found
}

// stoodStill tells whether a virtual machine was stopped while its hardware clock went on. A clock that somebody set back has a
// step in the journal, and one that drifted has no time daemon that is synchronised.
func (h Host) stoodStill(off clock.Interval) bool {
	daemons := h.timeDaemons()
	if h.Facts.Virt == "" || len(daemons) == 0 || h.Unread["journal"] != "" {
		return false
	}
	near := off.Bound() + 2*time.Second // the hardware clock is read to a second
	as := func(d time.Duration) bool { return (d - off.Value()).Abs() <= near }
	synced, _ := h.synchronised(daemons[0])
	return synced == "yes" && as(-h.rtcOffset()) && !slices.ContainsFunc(h.steps(), func(s step) bool { return as(s.By) })
}
