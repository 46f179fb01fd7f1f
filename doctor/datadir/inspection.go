package datadir

import (
	"strings"
	"time"
)

// Inspection is all that was seen of a directory at one moment. It is plain data: it can be printed, sent as JSON, and planned on.
type Inspection struct {
	Path  string `json:"path"`
	Given string `json:"given"`
	Kind  Kind   `json:"kind"`
	Mount bool   `json:"mount"`
	// Missing says that nothing is in its place: an operation was interrupted between two renames, or somebody deleted it.
	Missing bool `json:"missing,omitempty"`
	// Clock is this machine's clock when it was looked; Now is the true time then as far as it is known, else Clock again.
	Clock Instant `json:"clock"`
	Now   Instant `json:"now"`
	// Truth is what the caller knows of the clock; a repair needs it.
	Truth   Truth      `json:"truth"`
	Disk    Disk       `json:"disk"`
	Owner   Owner      `json:"owner"`
	Holders []Holder   `json:"holders"`
	Blocks  []Block    `json:"blocks"`
	Head    Head       `json:"head"`
	WAL     Log        `json:"wal"`
	WBL     Log        `json:"wbl"`
	Chunks  HeadChunks `json:"chunks_head"`
	Left    []string   `json:"left"` // unfinished blocks and checkpoints of a compaction that died
	// Snapshots are names of copies that the server made itself and that lie in its folder of snapshots.
	Snapshots []string      `json:"snapshots,omitempty"`
	Retain    Retention     `json:"retention"`
	Problems  []Problem     `json:"problems"`
	Aside     []Operation   `json:"aside"`   // what was put aside, newest first
	Open      *Operation    `json:"open"`    // an operation that was interrupted; nil when there is none
	Verdict   Verdict       `json:"verdict"` // in one word
	Advice    []string      `json:"advice"`  // what to do, in sentences or commands
	Took      time.Duration `json:"took"`
}

// InUse says that some process has files of the directory open, or holds its lock.
func (i Inspection) InUse() bool { return len(i.Holders) > 0 }

// Verdict sums up an inspection.
type Verdict string

// The verdicts, from well to bad.
const (
	Healthy     Verdict = "healthy"     // samples of now are taken, nothing is damaged
	Ahead       Verdict = "ahead"       // the newest samples are in the future, but by less than what Prometheus tolerates
	Refusing    Verdict = "refusing"    // samples of now are or will be refused
	Corrupt     Verdict = "corrupt"     // something cannot be read
	Newer       Verdict = "newer"       // written by a version that this monctl does not know
	Interrupted Verdict = "interrupted" // an operation of monctl is unfinished
)

// Disk is the file system that the directory lies on.
type Disk struct {
	Size     int64  `json:"size"` // of the directory, bytes on the disk
	Files    int    `json:"files"`
	Free     int64  `json:"free"` // bytes that are free for us
	Type     string `json:"type"` // "ext4"; "0x..." when the magic number is not known
	ReadOnly bool   `json:"read_only"`
	Network  bool   `json:"network"` // locks may not work
}

// Owner is whom the directory belongs to, and as what.
type Owner struct {
	UID   int    `json:"uid"`
	GID   int    `json:"gid"`
	Mode  uint32 `json:"mode"`  // permission bits
	Label string `json:"label"` // SELinux; "" when there is none
}

// Holder is a process that uses the directory.
type Holder struct {
	PID     int    `json:"pid"` // 0 when only the lock shows it
	Command string `json:"command"`
	Files   int    `json:"files"` // open files and mapped ones
	Example string `json:"example"`
	Lock    bool   `json:"lock"`
}

// Block is one block. Its samples lie in [Min, Max).
type Block struct {
	ULID    string  `json:"ulid"`
	Min     Instant `json:"min"`
	Max     Instant `json:"max"`
	Series  uint64  `json:"series"`
	Samples uint64  `json:"samples"` // of all kinds
	Bytes   int64   `json:"bytes"`
	Level   int     `json:"level"`
	// OutOfOrder blocks do not count for what the head refuses.
	OutOfOrder bool   `json:"out_of_order"`
	Future     Future `json:"future"`
	Err        string `json:"err"` // why it cannot be read; Min and Max are then not known
}

// Future says how a block lies with respect to now.
type Future string

// The positions.
const (
	Past     Future = "past"
	Straddle Future = "straddles" // it begins before now and ends after
	Outside  Future = "future"
)

// Head is what the head will be when Prometheus next starts on the directory.
type Head struct {
	Samples Range `json:"samples"` // empty when the head is
	Series  int   `json:"series"`
	// RefusesBefore is the predicted Head.AppendableMinValidTime of Prometheus: samples before it are out of bounds. Known is false when
	// it takes any (no blocks and an empty head).
	RefusesBefore Instant `json:"refuses_before"`
	Known         bool    `json:"known"`
}

// Log is the write-ahead log, or that of out-of-order samples.
type Log struct {
	Segments   int            `json:"segments"`
	Checkpoint string         `json:"checkpoint"` // "checkpoint.00000042"; "" when there is none
	Bytes      int64          `json:"bytes"`
	Records    map[string]int `json:"records"` // per type
	Series     int            `json:"series"`
	Samples    int64          `json:"samples"` // floats and histograms
	Times      Range          `json:"times"`   // of the samples
	Future     int64          `json:"future"`  // samples after now
	Unknown    map[string]int `json:"unknown"` // records of types that are not known, per type number
	Lost       int64          `json:"lost"`    // samples whose series has no name in the log
	Damage     []Damage       `json:"damage"`
	// Behind says that memory-mapped chunks hold samples that the log has not: it was cut before.
	Behind int64 `json:"behind"`
}

// Damage is a place that cannot be read.
type Damage struct {
	File   string `json:"file"` // relative to the directory
	Offset int64  `json:"offset"`
	Err    string `json:"err"`
	// Tail says that nothing readable follows: what a process leaves that was killed while it wrote. Nothing is lost by it.
	Tail bool `json:"tail,omitempty"`
	// Newer says that the format is that of a later version.
	Newer bool `json:"newer,omitempty"`
}

// gap says that a file is missing, not damaged.
func (d Damage) gap() bool { return strings.HasSuffix(d.Err, " is missing") }

// HeadChunks are the memory-mapped chunks of the head.
type HeadChunks struct {
	Files   int      `json:"files"`
	Bytes   int64    `json:"bytes"`
	Chunks  int      `json:"chunks"`
	Samples int64    `json:"samples"`
	Times   Range    `json:"times"`
	Damage  []Damage `json:"damage"`
}

// Retention is what time retention deletes at the next start or reload: it counts back from the newest block, not from now
// (DB.BeyondTimeRetention).
type Retention struct {
	Time    time.Duration `json:"time"`    // as the caller said; 0 when that is not known
	Deletes []string      `json:"deletes"` // ULIDs of blocks that end before now
	Because string        `json:"because"` // ULID of the future block that makes it so
}

// Problem is something that is wrong, where, and whether it stands in the way of a repair.
type Problem struct {
	What  string `json:"what"`
	Where string `json:"where"`
}
