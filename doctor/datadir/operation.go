package datadir

// Operation is what one Execute did or is doing, as its manifest says.
type Operation struct {
	ID     string  `json:"id"`
	Action Action  `json:"action"`
	State  State   `json:"state"`
	Began  Instant `json:"began"` // by this machine's clock
	Folder string  `json:"folder"`
	Bytes  int64   `json:"bytes"` // that a purge would free, at most: hard links share
	// Restorable says that a restore can bring back what this operation put aside or copied.
	Restorable bool   `json:"restorable"`
	Plan       Plan   `json:"plan"`
	Monctl     string `json:"monctl,omitempty"`
}

// State is how far an operation is.
type State string

// The states, in order. An operation is open until it is done, restored or gone.
const (
	Building State = "building" // new/ is being written; nothing else is touched
	Swapping State = "swapping" // the moves are under way
	Done     State = "done"
	Undone   State = "undone"   // interrupted, and taken back
	Restored State = "restored" // what it had put aside is in place again
	Purging  State = "purging"  // being deleted
)

// open says that the operation has to be finished or undone before another begins.
func (s State) open() bool { return s == Building || s == Swapping }

// Progress is told while Execute works.
type Progress struct {
	ID    string `json:"id"`
	Step  string `json:"step"` // "block 01H...: rewrite"
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// Result is what Execute did.
type Result struct {
	ID     string `json:"id"`
	Action Action `json:"action"`
	State  State  `json:"state"`
	Dir    string `json:"dir"`
	// Aside is where the former directory is; "" when nothing was put aside.
	Aside string `json:"aside"`
	// Kept compares what lies in Plan.Keep before and after; nil when the action copies or moves whole directories.
	Kept *Comparison `json:"kept"`
	// Dropped counts samples of the future that are not in the new directory.
	Dropped int64 `json:"dropped"`
	// Copied is the proof of a backup; nil for whole folders.
	Copied *Copied `json:"copied,omitempty"`
	// Next says what the person does now.
	Next []string `json:"next"`
}

// Copied proves the copy of a TSDB: which of its blocks are the very files of the directory, and what was read of the others.
type Copied struct {
	Linked        int    `json:"linked"` // blocks that are the same files
	LinkedSamples uint64 `json:"linked_samples"`
	// Read is every sample of the blocks that only the copy has: the head, which a server writes into its snapshot.
	Read Sums `json:"read"`
	Logs int  `json:"logs"` // segments of logs that are the same files
}

// Comparison is the local part of the proof: what was written anew, compared with where it came from, both read from the disk.
type Comparison struct {
	Before Sums `json:"before"`
	After  Sums `json:"after"`
	// Linked blocks are the very same files before and after, so their samples are not read again.
	Linked        int    `json:"linked"`
	LinkedSamples uint64 `json:"linked_samples"`
	// Lost counts the samples that were there before and are not after; 0 is the promise.
	Lost int64 `json:"lost"`
	// Examples name a few series that differ.
	Examples []string `json:"examples,omitempty"`
}

// Same says that nothing was lost and nothing was changed.
func (c Comparison) Same() bool { return c.Lost == 0 && c.Before == c.After }

// Sums add up the samples of a range. Sum is independent of the order in which samples are read: the sum, modulo 2^64, of a hash of each
// (labels, time, value).
type Sums struct {
	Series     int    `json:"series"`
	Floats     int64  `json:"floats"`
	Histograms int64  `json:"histograms"`
	Sum        string `json:"sum"` // hexadecimal
}

// Samples is their number.
func (s Sums) Samples() int64 { return s.Floats + s.Histograms }
