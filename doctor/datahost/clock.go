package datahost

import (
	"fmt"

	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet/fault"
)

// Verified gives what is known of the host's clock, and refuses while it is wrong, still being slewed, or could not be
// measured: what lies in the future depends on it, and a clock that steps back afterwards would spoil the data again.
func Verified(f doctor.Fleet, t Target) (clock.Truth, error) {
	checks, err := doctor.Choose(doctor.Checks(), []string{"clock/offset", "clock/slewing"}, nil)
	if err != nil {
		return clock.Truth{}, err
	}
	for _, found := range doctor.Judge(f, checks).Findings {
		if found.Host != t.Host.Name || found.Level < doctor.Unknown {
			continue
		}
		fix := found.Fix
		if fix == "" {
			fix = "monctl doctor time-drift " + t.Host.Name
		}
		return clock.Truth{}, fault.Refuse(fmt.Errorf("%s: %s; it has to be right before data are changed", t.Name, found.Title),
			"Nothing was changed. First: %s", fix)
	}
	truth := f.TruthOf(t.Host)
	if !truth.Known {
		return truth, fault.Refuse(fmt.Errorf("%s: the clock could not be measured: %s", t.Name, t.Host.Clock.Err), "monctl doctor time-drift %s", t.Host.Name)
	}
	return truth, nil
}
