package datadir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/monctl/monctl/fleet/fault"
)

// backup makes a copy in the store: of what is in place, or of the snapshot that the server made of it. It is proven before it counts.
func (x *execution) backup(ctx context.Context) (Result, error) {
	if err := x.begin(); err != nil {
		return Result{}, err
	}
	to := x.m.path(backupName)
	err := os.RemoveAll(to) // half copied by a run that was interrupted: links and copies only
	if err == nil && x.plan.Snapshot != "" {
		err = x.adopt(to)
	} else if err == nil {
		err = x.copyWhole(ctx, to)
	}
	var proof *Copied
	if err == nil && x.dir.kind == Prometheus {
		proof, err = x.proveCopy(ctx, to)
	}
	if err == nil {
		err = errors.Join(writeListing(to, x.m.path(listingName)), syncAll(to))
	}
	if err != nil {
		return Result{}, errors.Join(err, x.abandon())
	}
	r, err := x.finish()
	r.Aside, r.Copied = to, proof
	return r, err
}

// adopt takes the snapshot of the server: one rename. Its folder of snapshots is the server's, and stays.
func (x *execution) adopt(to string) error {
	x.at("before adopting")
	if err := os.Rename(filepath.Join(x.dir.path, snapshotsName, x.plan.Snapshot), to); err != nil {
		return fmt.Errorf("take the snapshot: %w", err)
	}
	x.at("adopted")
	return syncDir(filepath.Join(x.dir.path, snapshotsName))
}

func (x *execution) copyWhole(ctx context.Context, to string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	if err := x.clone(ctx, x.dir.path, to); err != nil {
		return err
	}
	x.at("copied")
	return x.unused()
}

// proveCopy wants every block of a copy to be the same files as in the directory, which are never written again, or to be
// readable to its last sample and to have as many as it says.
func (x *execution) proveCopy(ctx context.Context, to string) (*Copied, error) {
	entries, err := os.ReadDir(to)
	if err != nil {
		return nil, err
	}
	proof, sum := &Copied{}, newSummer()
	for _, e := range entries {
		copied, original := filepath.Join(to, e.Name()), filepath.Join(x.dir.path, e.Name())
		switch {
		case e.Name() == "wal" || e.Name() == "wbl":
			proof.Logs += sameFiles(original, copied)
			continue
		case !isBlock(e):
			continue
		}
		seen, err := lookAtBlock(copied, e.Name())
		switch {
		case err == nil && sameFiles(original, copied) == filesBelow(copied):
			proof.Linked++
			proof.LinkedSamples += seen.Samples
			continue
		case err != nil && exists(original): // as damaged as the original: the copy is not to blame
			continue
		}
		before := sum.samples
		if err == nil {
			err = sum.block(ctx, copied, Range{Forever, Never})
		}
		if n := sum.samples - before; err == nil && uint64(n) != seen.Samples && !deletions(copied) {
			err = fmt.Errorf("%d samples can be read of %d", n, seen.Samples)
		}
		if err != nil {
			return nil, fault.With(fmt.Errorf("the copy is not whole: block %s: %w", e.Name(), err), "It was deleted. Run again; if it fails again, look at the disk: journalctl -k")
		}
	}
	proof.Read = sum.sums()
	return proof, nil
}

// sameFiles counts the files of a folder that are those of another, by number.
func sameFiles(original, copied string) int {
	n := 0
	_ = eachFile(copied, func(name string) { // what cannot be read does not count
		a, err1 := identify(filepath.Join(original, name))
		b, err2 := identify(filepath.Join(copied, name))
		if err1 == nil && err2 == nil && a == b {
			n++
		}
	})
	return n
}

func filesBelow(folder string) int {
	n := 0
	_ = eachFile(folder, func(string) { n++ })
	return n
}

func eachFile(folder string, do func(name string)) error {
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			do(rel(folder, path))
		}
		return err
	})
}

// noDeletions is the size of a file of tombstones without any: magic number, version and checksum (tsdb/tombstones).
const noDeletions = 9

// deletions says that samples of a block are marked as deleted, so that fewer can be read than it has.
func deletions(block string) bool {
	info, err := os.Stat(filepath.Join(block, "tombstones"))
	return err == nil && info.Size() > noDeletions
}
