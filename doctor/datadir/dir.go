package datadir

import (
	"path/filepath"

	"github.com/monctl/monctl/fleet/fault"
)

// Kind is the component whose data a directory holds.
type Kind string

// The kinds. Only the first is a TSDB and can be inspected and repaired; the others are backed up, reset and restored as a whole.
const (
	Prometheus   Kind = "prometheus"
	Grafana      Kind = "grafana"
	Loki         Kind = "loki"
	Alertmanager Kind = "alertmanager"
)

// Dir is a directory that was proved to hold what it is said to hold. Only Prove makes one; the zero Dir is refused everywhere.
type Dir struct {
	path  string // absolute, without symbolic links
	given string // as the person or the process named it
	kind  Kind
	mount bool // it is itself a mount point: its contents are renamed within it
	id    fileID
}

// Path is the directory itself: absolute, symbolic links resolved.
func (d Dir) Path() string { return d.path }

// Given is how it was named.
func (d Dir) Given() string { return d.given }

// Kind is the component it belongs to.
func (d Dir) Kind() Kind { return d.kind }

// Mount says whether it is a mount point.
func (d Dir) Mount() bool { return d.mount }

// Missing says that nothing is in its place, because an operation was interrupted between its two renames. Such a Dir can be
// inspected, and the operation finished or undone.
func (d Dir) Missing() bool { return d.path != "" && d.id == fileID{} }

// storeName is the store of a mount point; anything else has it beside itself, with storeSuffix.
const (
	storeName   = ".monctl"
	storeSuffix = ".monctl"
)

// Store is the folder of what was put aside and of operations under way. It is on the same file system.
func (d Dir) Store() string {
	if d.mount {
		return filepath.Join(d.path, storeName)
	}
	return d.path + storeSuffix
}

// check refuses a Dir that nobody proved, and one that is not the directory it was any more.
func (d Dir) check() error {
	if d.path == "" {
		return fault.Refuse(errNotProved, "")
	}
	if d.Missing() {
		return nil
	}
	id, err := identify(d.path)
	if err != nil {
		return err
	}
	if id != d.id {
		return fault.Refuse(errReplaced(d.path), "Somebody replaced it meanwhile. Look again: monctl data inspect --local %s", d.path)
	}
	return nil
}
