package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/monctl/monctl/fleet/fault"
	"golang.org/x/sys/unix"
)

// The names in the folder of an operation.
const (
	manifestName = "manifest.json"
	oldName      = "old"       // what was in place before
	newName      = "new"       // what is being built
	backupName   = "backup"    // of a backup
	strayName    = "stray"     // what somebody put in its place in the middle of the renames
	listingName  = "files.tsv" // what old or backup consists of
)

// manifest is the journal of one operation, as it is written.
type manifest struct {
	Operation
	Dir     string      `json:"dir"`
	Moves   []move      `json:"moves"`
	Kept    *Comparison `json:"kept,omitempty"`
	Dropped int64       `json:"dropped,omitempty"`
}

// journal is a manifest that is being written.
type journal struct {
	manifest
	dir Dir
}

func (j *journal) path(name string) string { return filepath.Join(j.Folder, name) }

// write replaces the manifest, and returns when it is on the disk.
func (j *journal) write() error {
	body, err := json.MarshalIndent(j.manifest, "", " ")
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if err := writeSynced(j.path(manifestName), body); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	return nil
}

// writeSynced writes a file so that after a crash the old or the new content is there, whole.
func writeSynced(path string, body []byte) error {
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return spaceError(err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// begin makes the folder of a new operation, or takes up the one that the plan resumes.
func (x *execution) begin() error {
	if id := x.plan.Resume; id != "" {
		if filepath.Base(id) != id {
			return fmt.Errorf("%q is no ID", id)
		}
		m, err := readManifest(filepath.Join(x.dir.Store(), id))
		if err != nil {
			return err
		}
		x.m = &journal{manifest: m, dir: x.dir}
		if m.State == Building {
			x.m.Plan = x.plan
		}
		return nil
	}
	if err := os.MkdirAll(x.dir.Store(), 0o700); err != nil {
		return err
	}
	stem := fmt.Sprintf("%s-%s", time.Now().UTC().Format("20060102T150405Z"), x.plan.Action)
	for n := 1; ; n++ {
		id := stem
		if n > 1 {
			id = fmt.Sprintf("%s-%d", stem, n)
		}
		folder := filepath.Join(x.dir.Store(), id)
		err := os.Mkdir(folder, 0o700)
		if errors.Is(err, fs.ErrExist) && n < 1000 {
			continue
		}
		if err != nil {
			return err
		}
		x.m = &journal{dir: x.dir, manifest: manifest{Dir: x.dir.path, Operation: Operation{
			ID: id, Action: x.plan.Action, State: Building, Began: At(time.Now()), Folder: folder, Plan: x.plan, Monctl: x.o.Version,
		}}}
		x.at("folder")
		return x.m.write()
	}
}

// unreadable is the state of an operation whose manifest is damaged: it is shown, and never touched.
const unreadable State = "unreadable"

// operations reads the manifests in the store, newest first.
func operations(d Dir) ([]Operation, error) {
	entries, err := os.ReadDir(d.Store())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: read: %w", d.Store(), err)
	}
	var ops []Operation
	for _, e := range slices.Backward(entries) {
		folder := filepath.Join(d.Store(), e.Name())
		m, err := readManifest(folder)
		switch {
		case !e.IsDir(), errors.Is(err, fs.ErrNotExist):
			continue // nothing was done yet
		case err != nil || m.ID != e.Name():
			m.Operation = Operation{ID: e.Name(), State: unreadable}
		}
		m.Folder = folder
		m.Bytes = bytesBelow(folder)
		m.Restorable = m.State == Done && (m.Action == Backup && exists(filepath.Join(folder, backupName)) ||
			m.Action != Backup && exists(filepath.Join(folder, oldName)))
		ops = append(ops, m.Operation)
	}
	return ops, nil
}

func readManifest(folder string) (manifest, error) {
	var m manifest
	body, err := os.ReadFile(filepath.Join(folder, manifestName))
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	if err != nil {
		return m, fmt.Errorf("%s: read its manifest: %w", folder, err)
	}
	m.Folder = folder
	return m, nil
}

// lockStore keeps two runs from working on one directory. The lock is the kernel's, on the folder that the store lies in, so it leaves
// no file and dies with its holder.
func lockStore(d Dir) (release func(), err error) {
	f, err := os.Open(parentOf(d))
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fault.Refuse(fmt.Errorf("%s: another monctl works on it: %w", d.path, err), "Wait until it has ended.")
	}
	return func() { f.Close() }, nil
}

// parentOf is the folder in which the renames happen.
func parentOf(d Dir) string {
	if d.mount {
		return d.path
	}
	return filepath.Dir(d.path)
}
