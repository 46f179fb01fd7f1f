// Package lock reads and writes monctl.lock: the versions, addresses and sums that a fleet was installed from,
// so that a later run installs the same. It knows nothing of where they came from.
package lock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/templates"
)

// Name is the lock file's name; it lies beside the inventory.
const Name = "monctl.lock"

// Trust says why a sum was believed when it was written down.
type Trust string

// The reasons to believe a sum, strongest first.
const (
	Attested Trust = "attested" // two or more independent origins state it
	Single   Trust = "single"   // one origin states it
	Upstream Trust = "upstream" // upstream's own checksum file, taken with --trust-upstream-sums
)

// File is the whole lock file: one entry per component.
type File struct {
	Components map[string]Entry
}

// Entry is the locked release of a component.
type Entry struct {
	Version string
	Build   string // Grafana's build id; "" elsewhere
	Files   map[templates.Arch]Sum
}

// Sum is one locked file.
type Sum struct {
	URL    string // upstream's own address, also when a mirror was used
	SHA256 string
	Trust  Trust
}

// Read reads a lock file. A file that does not exist is empty; anything unexpected in it is an error with its
// line, since a half-understood lock would not be one.
func Read(path string) (File, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return File{}, nil
	}
	if err != nil {
		return File{}, fmt.Errorf("lock file: %w", err)
	}
	return Parse(path, data)
}

// Update reads the lock file, lets change alter it and writes it back when it differs, by rename, so that a
// reader sees the old or the new file and never a part. It holds off other monctl processes meanwhile, waiting
// for them until ctx ends.
func Update(ctx context.Context, path string, change func(*File) error) error {
	guard := flock.New(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".guard"))
	if _, err := guard.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return fault.With(fmt.Errorf("lock file: wait for another monctl: %w", err),
			"Another monctl is writing %s, or its folder cannot be written.", path)
	}
	defer guard.Close()
	f, err := Read(path)
	if err != nil {
		return err
	}
	if err := change(&f); err != nil {
		return err
	}
	return write(path, f.Bytes())
}

func write(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(data) {
		return nil
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("lock file: %w", err)
	}
	defer os.Remove(tmp.Name()) // gone already after the rename
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("lock file: write %s: %w", path, err)
	}
	return nil
}

// Set replaces a component's entry. Files of the same version and build that are only in the old entry stay:
// a run on amd64 hosts alone must not forget what the arm64 hosts were given.
func (f *File) Set(component string, e Entry) {
	if f.Components == nil {
		f.Components = map[string]Entry{}
	}
	if old := f.Components[component]; old.Version == e.Version && old.Build == e.Build {
		files := make(map[templates.Arch]Sum, len(e.Files)+len(old.Files))
		for _, m := range []map[templates.Arch]Sum{old.Files, e.Files} {
			for arch, sum := range m {
				files[arch] = sum
			}
		}
		e.Files = files
	}
	f.Components[component] = e
}
