package datadir

import (
	"fmt"
	"slices"

	"github.com/monctl/monctl/fleet/fault"
)

// PlanReset plans to put everything aside and start empty.
func PlanReset(i Inspection) (Plan, error) {
	p := Plan{
		Action: Reset, Dir: i.Path, Kind: i.Kind, Owner: i.Owner, Why: "everything is put aside and it starts empty",
		Needs: 1 << 20, Steps: []string{"prove that nobody uses " + i.Path, "rename it aside and an empty directory into its place"},
	}
	_, err := resume(i, &p)
	return p, err
}

// PlanBackup plans a copy: hard links of what is never written again, copies of the rest. With the name of a snapshot, which the
// server made itself while it runs, that becomes the copy.
func PlanBackup(i Inspection, snapshot string) (Plan, error) {
	p := Plan{
		Action: Backup, Dir: i.Path, Kind: i.Kind, Owner: i.Owner, Why: "a copy is made beside it", Needs: 16 << 20,
		Steps: []string{"prove that nobody uses " + i.Path, "link what is never written again, copy the rest"},
	}
	if i.Kind != Prometheus {
		p.Needs += i.Disk.Size
		p.Steps[1] = "copy everything"
	}
	if snapshot != "" {
		if !slices.Contains(i.Snapshots, snapshot) {
			return p, fault.Refuse(fmt.Errorf("%s has no snapshot %q", i.Path, snapshot), "%s", thereAre(i.Snapshots, "There is none."))
		}
		p.Snapshot, p.Why = snapshot, "the snapshot that the server made becomes the copy"
		p.Steps = []string{"take the snapshot out of the directory, beside it", "prove it: every block is the same file, or can be read whole"}
	}
	_, err := resume(i, &p)
	return p, err
}

// PlanRestore plans to bring back what an operation put aside or copied; "" is the newest that can be. What is there now is put aside. An
// operation that was interrupted is taken back instead.
func PlanRestore(i Inspection, id string) (Plan, error) {
	p := Plan{Action: Restore, Dir: i.Path, Kind: i.Kind, Owner: i.Owner, ID: id}
	if o := i.Open; o != nil && o.Action != Restore {
		if id != "" && id != o.ID {
			return p, fault.Refuse(fmt.Errorf("%s of %s was interrupted", o.Action, o.Began), "Take that back first: monctl data restore")
		}
		p.ID, p.Resume = o.ID, o.ID
		p.Why = fmt.Sprintf("%s of %s was interrupted and is taken back", o.Action, o.Began)
		p.Steps = []string{"prove that nobody uses " + i.Path, "undo the renames that happened", "remove what was half built"}
		return p, nil
	}
	if done, err := resume(i, &p); done || err != nil {
		return p, err
	}
	n := slices.IndexFunc(i.Aside, func(o Operation) bool { return o.Restorable && (id == "" || o.ID == id) })
	if n < 0 {
		return p, noSuch(i, id, errNothingToRestore)
	}
	from := i.Aside[n]
	p.ID = from.ID
	p.Why = fmt.Sprintf("what was there before %s of %s comes back", from.Action, from.Began)
	if from.Action == Backup {
		p.Why = fmt.Sprintf("the backup of %s comes back", from.Began)
		p.Needs = 16 << 20
		if i.Kind != Prometheus {
			p.Needs += from.Bytes
		}
	}
	p.Steps = []string{"prove that nobody uses " + i.Path, "check names and sizes against the manifest", "rename what is there now aside, and the old directory into its place"}
	return p, nil
}

// PlanPurge plans to delete what an operation put aside or copied.
func PlanPurge(i Inspection, id string) (Plan, error) {
	p := Plan{Action: Purge, Dir: i.Path, Kind: i.Kind, ID: id}
	n := slices.IndexFunc(i.Aside, func(o Operation) bool { return o.ID == id && id != "" })
	switch {
	case n < 0:
		return p, noSuch(i, id, fmt.Errorf("what to delete is not named"))
	case i.Aside[n].State.open():
		return p, fault.Refuse(fmt.Errorf("%s is not finished", id), "Run its command again, or take it back: monctl data restore")
	}
	p.Why = fmt.Sprintf("what %s of %s left is deleted for good", i.Aside[n].Action, i.Aside[n].Began)
	p.Steps = []string{"delete " + i.Aside[n].Folder}
	return p, nil
}

func thereAre(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return "There are: " + listed(slices.Clone(names))
}

// noSuch explains an ID that is not there, or cannot be used.
func noSuch(i Inspection, id string, none error) error {
	var ids []string
	for _, o := range i.Aside {
		if o.State != Restored {
			ids = append(ids, o.ID)
		}
	}
	remedy := thereAre(ids, "Nothing was put aside.")
	if id == "" {
		return fault.Refuse(none, "%s", remedy)
	}
	return fault.Refuse(fmt.Errorf("%s is not there, or cannot be used for this", id), "%s", remedy)
}
