package datadir

import "context"

// ExecuteOptions are how an execution is watched.
type ExecuteOptions struct {
	Report  func(Progress) // nil is allowed
	Version string         // of monctl, for the manifest
}

// Execute does what a plan says. It refuses when somebody uses the directory, when it is not what was planned on, or when there is too
// little space. It can be interrupted at any point: the next Execute of a plan for the same action goes on, and a restore
// takes it back.
func Execute(_ context.Context, d Dir, p Plan, _ ExecuteOptions) (Result, error) {
	if err := d.check(); err != nil {
		return Result{}, err
	}
	if !p.Changes() {
		return Result{Action: p.Action, State: Done, Dir: d.path}, nil
	}
	return Result{}, errNotYet
}
