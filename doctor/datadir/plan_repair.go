package datadir

import (
	"errors"

	"github.com/monctl/monctl/fleet/fault"
)

var errNotYet = errors.New("not built yet")

// PlanRepair decides the least destructive step that makes the directory take samples of now (failures.md B3). It is pure. It refuses
// while the true time is not known or this machine's clock is wrong.
func PlanRepair(i Inspection, _ RepairOptions) (Plan, error) {
	if !i.Truth.Known {
		return Plan{}, fault.Refuse(errors.New("the true time is not known, so what lies in the future is not either"), "monctl doctor time-drift")
	}
	return Plan{Action: Repair, Dir: i.Path, Kind: i.Kind, Rung: Nothing}, nil
}

// PlanReset plans to put everything aside and start empty.
func PlanReset(i Inspection) (Plan, error) {
	return Plan{Action: Reset, Dir: i.Path, Kind: i.Kind}, nil
}

// PlanBackup plans a copy: hard links of what is never written again, copies of the rest.
func PlanBackup(i Inspection) (Plan, error) {
	return Plan{Action: Backup, Dir: i.Path, Kind: i.Kind}, nil
}

// PlanRestore plans to bring back what an operation put aside or copied; "" is the newest that can be. What is there now is put aside.
func PlanRestore(i Inspection, id string) (Plan, error) {
	return Plan{Action: Restore, Dir: i.Path, Kind: i.Kind, ID: id}, nil
}

// PlanPurge plans to delete what an operation put aside or copied.
func PlanPurge(i Inspection, id string) (Plan, error) {
	return Plan{Action: Purge, Dir: i.Path, Kind: i.Kind, ID: id}, nil
}
