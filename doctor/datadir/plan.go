package datadir

import "time"

// Action is what is done to a directory.
type Action string

// The actions. Each gets an ID and can be undone by a restore, but for a purge.
const (
	Repair  Action = "repair"
	Reset   Action = "reset"
	Restore Action = "restore"
	Backup  Action = "backup"
	Purge   Action = "purge"
)

// Rung is how far a repair has to go; the ladder begins with what destroys least.
type Rung string

// The rungs. Only Rewrite and Rebuild change the directory; the caller does the others.
const (
	Nothing Rung = "nothing" // it takes samples of now
	Restart Rung = "restart" // the process is stuck, not its data
	Wait    Rung = "wait"    // it takes them by itself in Plan.Wait
	Window  Rung = "window"  // an out-of-order window of Plan.Window lets it take them at once; a stop-gap, taken away after Plan.Wait
	Rewrite Rung = "rewrite" // a directory without the future samples is written beside the old one
	Rebuild Rung = "rebuild" // the same, where the log is damaged: what the head's chunks hold is saved too
)

// Plan is what will be done, decided before anything is. It is plain data.
type Plan struct {
	Action Action `json:"action"`
	Dir    string `json:"dir"`
	Kind   Kind   `json:"kind"`
	Rung   Rung   `json:"rung,omitempty"` // of a repair
	ID     string `json:"id,omitempty"`   // of the operation that is restored or purged
	// Snapshot is the copy that a running server made itself, which a backup takes; "" when the backup copies.
	Snapshot string `json:"snapshot,omitempty"`
	Why      string `json:"why"`
	// Keep is the range of samples that a repair keeps.
	Keep   Range         `json:"keep"`
	Blocks []BlockPlan   `json:"blocks,omitempty"`
	Wait   time.Duration `json:"wait,omitempty"`
	Window time.Duration `json:"window,omitempty"`
	Needs  int64         `json:"needs"` // bytes that it may take on the file system
	Steps  []string      `json:"steps"` // in words, in order
	// Losing names what will not be kept besides samples of the future.
	Losing []string `json:"losing,omitempty"`
	Owner  Owner    `json:"owner"`
	// Resume says that an interrupted operation of the same action goes on.
	Resume string `json:"resume,omitempty"`
}

// Changes says whether Execute has anything to do.
func (p Plan) Changes() bool {
	return p.Action != Repair || p.Rung == Rewrite || p.Rung == Rebuild || p.Resume != ""
}

// BlockPlan is what happens to one block.
type BlockPlan struct {
	ULID string  `json:"ulid"`
	Do   BlockDo `json:"do"`
	Why  string  `json:"why"`
}

// BlockDo is what happens to a block in a repair.
type BlockDo string

// What can happen to a block.
const (
	LinkBlock    BlockDo = "link"      // hard-linked as it is
	LeaveBlock   BlockDo = "leave out" // all of it lies in the future; it stays in what is put aside
	RewriteBlock BlockDo = "rewrite"   // written anew without the future samples
)

// RepairOptions are what a repair may do.
type RepairOptions struct {
	// Stuck says that the running process refuses samples that its data would take (a frozen scrape clock); a restart cures it.
	Stuck bool
	// NoDowntime prefers the out-of-order window where it is enough.
	NoDowntime bool
	// WindowKnown says that the version has out-of-order ingestion (2.39 and later).
	WindowKnown bool
	// Patience is the longest wait that is better than a rewrite; 0 is DefaultPatience.
	Patience time.Duration
}

// Advises says whether the plan is more than "there is nothing to do".
func (p Plan) Advises() bool { return p.Changes() || p.Rung != Nothing }
