package datahost

import (
	"fmt"

	"github.com/monctl/monctl/doctor/datadir"
)

// Steps are those of a plan with what is done around them on the host, in order.
func (s *Session) Steps(p datadir.Plan) []string {
	unit, proof := s.Component.Unit, "prove that "+s.Component.Unit+" runs"
	if s.Kind == TSDB && p.Action == datadir.Restore {
		proof = "prove that it is ready"
	} else if s.Kind == TSDB {
		proof = "prove: ready, fresh samples for every job, both counters of samples out of bounds flat over three scrapes"
		if p.Action == datadir.Repair {
			proof += ", history as before"
		}
	}
	switch {
	case p.Action == datadir.Purge:
		return p.Steps
	case p.Action == datadir.Backup && s.Snapshots():
		return []string{
			"let the server make a snapshot; it goes on running", "take that out of the directory, beside it",
			"prove it: every block is the same file, or can be read whole",
		}
	case p.Rung == datadir.Restart:
		return []string{"restart " + unit, proof}
	case p.Rung == datadir.Window && !p.Changes():
		return []string{
			fmt.Sprintf("set storage.tsdb.out_of_order_time_window: %s in %s, checked with promtool", p.Window, s.configFile()),
			"restart " + unit, proof,
			fmt.Sprintf("later (%s): take the window away again with monctl data repair %s --close-window", p.Wait, s.Name),
		}
	case !p.Changes():
		return p.Steps
	}
	steps := []string{"stop " + unit + ", and keep it from being started while the data are worked on"}
	steps = append(steps, p.Steps...)
	if p.Action == datadir.Backup {
		return append(steps, "start "+unit+" if it ran before")
	}
	return append(steps, "start "+unit, proof)
}
