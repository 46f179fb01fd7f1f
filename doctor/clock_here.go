package doctor

import "github.com/monctl/monctl/doctor/clock"

// clockHere judges this machine's own clock.
func clockHere() Check {
	return Check{
		ID: "clock/here", Title: "this machine's clock shows the true time", Needs: []Shared{Clocks}, Judge: judgeHere,
		Doc: Doc{
			Symptom:  "The banner of Prometheus about a time difference although the servers are right; Grafana shows no data for the last minutes, because it takes “now” from the browser.",
			Cause:    "The clock of the machine that monctl, and probably the browser, runs on is wrong.",
			Evidence: "What most NTP servers say; without them, what most clocks of the fleet say.",
			Fix:      "Turn on time synchronisation of this machine. Nothing on the servers is touched.",
			Risk:     "None for the stack.",
			Source:   "prometheus#3059; grafana#39110",
		},
	}
}

func judgeHere(f Fleet) []Finding {
	ref := f.reference()
	if !ref.Known {
		return nil // said by clock/offset, where it matters
	}
	off := clock.Interval{}.Minus(ref.Offset)
	level := f.Settings.verdict(off)
	if level == OK || level == Unknown {
		return nil
	}
	return []Finding{{
		Level: level, Title: "this machine's clock is " + ahead(off),
		Evidence: []Evidence{offsetEvidence("offset to true time", off), Says("true time by", ref.Source)},
		Cause:    "The clock of this machine (" + f.Here.Name + ") is wrong, not those of the servers.",
		Fix:      "timedatectl set-ntp true   # on this machine",
	}}
}
