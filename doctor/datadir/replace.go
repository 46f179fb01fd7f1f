package datadir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/monctl/monctl/fleet/fault"
)

// builder fills a folder with what shall be in place. It returns the proof, if there is one, and how many samples of the future it
// dropped.
type builder func(ctx context.Context, to string) (*Comparison, int64, error)

// replace builds a new directory and puts it in the place of the old one, or finishes to.
func (x *execution) replace(ctx context.Context, build builder) (Result, error) {
	if err := x.begin(); err != nil {
		return Result{}, err
	}
	if x.m.State == Building {
		if err := x.prepare(ctx, build); err != nil {
			return Result{}, errors.Join(err, x.abandon())
		}
	}
	return x.swap()
}

// swap makes the moves and ends the operation.
func (x *execution) swap() (Result, error) {
	x.report("rename", 0, len(x.m.Moves))
	if err := os.MkdirAll(x.m.path(oldName), 0o700); x.dir.mount && err != nil {
		return Result{}, err
	}
	if err := x.forward(); err != nil {
		return Result{}, fault.With(err, "Run it again to finish it, or take it back: monctl data restore")
	}
	return x.finish()
}

func (x *execution) finish() (Result, error) {
	x.m.State = Done
	x.at("before done")
	if err := x.m.write(); err != nil {
		return Result{}, err
	}
	_ = os.Remove(x.m.path(newName)) // empty where contents were moved out of it; an undo needs it until here
	x.at("after done")
	r := Result{ID: x.m.ID, Action: x.m.Action, State: Done, Dir: x.dir.path, Kept: x.m.Kept, Dropped: x.m.Dropped}
	if exists(x.m.path(oldName)) {
		r.Aside = x.m.path(oldName)
	}
	return r, nil
}

// prepare builds, proves, and writes down the moves. Nothing is moved yet.
func (x *execution) prepare(ctx context.Context, build builder) error {
	fresh := x.m.path(newName)
	if err := os.RemoveAll(fresh); err != nil { // half built by a run that was interrupted: links and copies only
		return err
	}
	if err := x.m.write(); err != nil {
		return err
	}
	x.at("building")
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return err
	}
	kept, dropped, err := build(ctx, fresh)
	if err != nil {
		return err
	}
	x.m.Kept, x.m.Dropped = kept, dropped
	x.at("built")
	if err := x.dress(fresh); err != nil {
		return err
	}
	if err := syncAll(fresh); err != nil {
		return err
	}
	if err := x.unused(); err != nil {
		return err
	}
	return x.planMoves(fresh)
}

// planMoves writes down what will be moved.
func (x *execution) planMoves(from string) error {
	if !x.dir.Missing() {
		if err := writeListing(x.dir.path, x.m.path(listingName)); err != nil {
			return err
		}
	}
	aside, err := movesAside(x.dir, x.m.path(oldName))
	if err != nil {
		return err
	}
	into, err := movesInto(x.dir, from)
	if err != nil {
		return err
	}
	x.m.Moves, x.m.State = slices.Concat(aside, into), Swapping
	x.at("before swapping")
	if err := x.m.write(); err != nil {
		return err
	}
	x.at("swapping")
	return nil
}

// abandon removes what was half built. Nothing was moved.
func (x *execution) abandon() error {
	if x.m.State != Building {
		return nil
	}
	return errors.Join(os.RemoveAll(x.m.Folder), removeEmpty(x.dir.Store()))
}

func removeEmpty(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) > 0 {
		return nil //nolint:nilerr // it is not there
	}
	return os.Remove(folder)
}

// restore takes back an interrupted operation, or brings back what one put aside or copied.
func (x *execution) restore(ctx context.Context) (Result, error) {
	if x.plan.Resume != "" && x.plan.Resume == x.plan.ID {
		return x.undo()
	}
	from, err := readManifest(filepath.Join(x.dir.Store(), x.plan.ID))
	if err != nil {
		return Result{}, err
	}
	if from.Action == Backup {
		return x.replace(ctx, func(ctx context.Context, to string) (*Comparison, int64, error) {
			source := filepath.Join(from.Folder, backupName)
			if err := checkListing(source, filepath.Join(from.Folder, listingName)); err != nil {
				return nil, 0, fault.Refuse(err, "")
			}
			return nil, 0, x.clone(ctx, source, to)
		})
	}
	return x.bringBack(from)
}

// bringBack puts aside what is in place and renames what another operation had put aside into it.
func (x *execution) bringBack(from manifest) (Result, error) {
	if err := x.begin(); err != nil {
		return Result{}, err
	}
	if x.m.State == Building {
		source := filepath.Join(from.Folder, oldName)
		err := checkListing(source, filepath.Join(from.Folder, listingName))
		if err == nil {
			err = x.planMoves(source)
		}
		if err != nil {
			return Result{}, errors.Join(fault.Refuse(err, "Nothing was changed."), x.abandon())
		}
	}
	r, err := x.swap()
	if err != nil {
		return r, err
	}
	other := &journal{manifest: from, dir: x.dir}
	other.State = Restored
	return r, other.write()
}

// undo takes back an operation that was interrupted.
func (x *execution) undo() (Result, error) {
	if err := x.begin(); err != nil {
		return Result{}, err
	}
	if x.m.State == Swapping {
		if err := x.backward(); err != nil {
			return Result{}, err
		}
	}
	x.at("undone")
	r := Result{ID: x.m.ID, Action: Restore, State: Undone, Dir: x.dir.path}
	if exists(x.m.path(strayName)) {
		x.m.State = Undone
		r.Aside = x.m.path(strayName)
		return r, errors.Join(os.RemoveAll(x.m.path(newName)), x.m.write())
	}
	if entries, err := os.ReadDir(x.m.path(oldName)); err == nil && len(entries) > 0 {
		return r, fmt.Errorf("%s is not empty", x.m.path(oldName))
	}
	return r, errors.Join(os.RemoveAll(x.m.Folder), removeEmpty(x.dir.Store()))
}

// purge deletes what an operation left. It is the only thing that deletes.
func (x *execution) purge(context.Context) (Result, error) {
	m, err := readManifest(filepath.Join(x.dir.Store(), x.plan.ID))
	if err != nil {
		return Result{}, err
	}
	if m.State.open() || m.ID != x.plan.ID {
		return Result{}, fault.Refuse(fmt.Errorf("%s is not finished", x.plan.ID), "Finish it first, or take it back: monctl data restore")
	}
	x.m = &journal{manifest: m, dir: x.dir}
	x.m.State = Purging
	if err := x.m.write(); err != nil {
		return Result{}, err
	}
	x.at("purging")
	for _, name := range []string{oldName, backupName, strayName, newName} {
		if err := os.RemoveAll(x.m.path(name)); err != nil {
			return Result{}, err
		}
	}
	r := Result{ID: m.ID, Action: Purge, State: Purging, Dir: x.dir.path}
	return r, errors.Join(os.RemoveAll(m.Folder), removeEmpty(x.dir.Store()))
}
