package datadir

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/monctl/monctl/fleet/fault"
)

// ExecuteOptions are how an execution is watched.
type ExecuteOptions struct {
	Report  func(Progress) // nil is allowed
	Version string         // of monctl, for the manifest

	// at is told before and after everything that changes the disk; tests end the process there.
	at func(point string)
}

// Execute does what a plan says. It refuses when somebody uses the directory, when it is not what was planned on, or when there is too
// little space. It can be interrupted at any point: the next Execute of a plan for the same action goes on, and a restore
// takes it back.
func Execute(ctx context.Context, d Dir, p Plan, o ExecuteOptions) (Result, error) {
	if err := d.check(); err != nil {
		return Result{}, err
	}
	if p.Dir != d.path || p.Kind != d.kind {
		return Result{}, fault.Refuse(fmt.Errorf("the plan is for %s, not for %s", p.Dir, d.path), "")
	}
	if !p.Changes() {
		return Result{Action: p.Action, State: Done, Dir: d.path}, nil
	}
	x := &execution{dir: d, plan: p, o: o}
	release, err := lockStore(d)
	if err != nil {
		return Result{}, err
	}
	defer release()
	if err := x.allowed(); err != nil {
		return Result{}, fmt.Errorf("%s: %w", d.path, err)
	}
	r, err := x.run(ctx)
	if errors.Is(err, errNoSpace) {
		err = fault.With(err, "Nothing was moved. Free some space, or take it back: monctl data restore")
	}
	return r, err
}

// execution is one run of one plan.
type execution struct {
	dir  Dir
	plan Plan
	o    ExecuteOptions
	m    *journal
}

func (x *execution) at(point string) {
	if x.o.at != nil {
		x.o.at(point)
	}
}

func (x *execution) report(step string, done, total int) {
	if x.o.Report != nil {
		id := ""
		if x.m != nil {
			id = x.m.ID
		}
		x.o.Report(Progress{ID: id, Step: step, Done: done, Total: total})
	}
}

// allowed refuses what would fail half-way, or should not be begun.
func (x *execution) allowed() error {
	var disk Disk
	if err := statDisk(parentOf(x.dir), &disk); err != nil {
		return err
	}
	switch {
	case disk.ReadOnly:
		return fault.Refuse(errors.New("the file system is read-only"), "See why (dmesg), and remount it: mount -o remount,rw …")
	case disk.Network:
		return fault.Refuse(fmt.Errorf("it lies on %s, where locks do not tell who uses it", disk.Type), "Copy it to a local disk and work on that.")
	case !mayChange(os.Geteuid(), x.plan):
		return fault.Refuse(fmt.Errorf("it belongs to user %d", x.plan.Owner.UID), "Run it as root (sudo), so that everything keeps its owner.")
	case disk.Free < x.plan.Needs && x.plan.Resume == "":
		return fault.Refuse(fmt.Errorf("%d MB are free, and it may take %d MB", disk.Free>>20, x.plan.Needs>>20), "Free some space on that file system first.")
	}
	if x.plan.Action == Purge || x.plan.Snapshot != "" { // what they touch is used by nobody
		return nil
	}
	return x.unused()
}

// mayChange says whether a user can do what a plan says, and leave everything to its owner.
func mayChange(user int, p Plan) bool {
	return user == 0 || user == p.Owner.UID || p.Action == Purge
}

// unused refuses while somebody uses the directory.
func (x *execution) unused() error {
	if x.dir.Missing() {
		return nil
	}
	var seen Inspection
	files, err := lookAtDisk(x.dir, &seen)
	if err != nil {
		return err
	}
	list, err := holders(x.dir, files)
	if err != nil || len(list) == 0 {
		return err
	}
	who := "somebody who holds its lock"
	if list[0].PID != 0 {
		who = commands(list)
	}
	return fault.Refuse(fmt.Errorf("it is in use by %s: %s", who, list[0].Example), "Stop it first, and keep it from starting again.")
}

// run does the action.
func (x *execution) run(ctx context.Context) (Result, error) {
	switch x.plan.Action {
	case Repair:
		return x.replace(ctx, x.buildRepaired)
	case Reset:
		return x.replace(ctx, func(context.Context, string) (*Comparison, int64, error) { return nil, 0, nil })
	case Backup:
		return x.backup(ctx)
	case Restore:
		return x.restore(ctx)
	case Purge:
		return x.purge(ctx)
	}
	return Result{}, fault.Misuse(fmt.Errorf("there is no action %q", x.plan.Action), "")
}
