package datadir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/compression"
)

// rebuildHead makes blocks of the head where its log is damaged: the library replays, on a copy, what can be read of the log, together with
// the chunks that were mapped before; what it then has in memory is written as Prometheus would. So the memory of a head is needed.
func (b *repaired) rebuildHead(ctx context.Context) error {
	view := b.m.path("view")
	if err := os.RemoveAll(view); err != nil {
		return err
	}
	defer os.RemoveAll(view)
	if err := b.makeView(ctx, view); err != nil {
		return err
	}
	b.at("view")
	b.report("replay the head on a copy", 0, 0)
	db, err := tsdb.Open(view, quiet, nil, viewOptions(), nil)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	db.DisableCompactions()
	err = b.writeHead(ctx, db, view)
	return errors.Join(err, db.Close())
}

const century = 100 * 365 * 24 * 3600 * 1000 // milliseconds

// viewOptions let the library load everything and delete nothing.
func viewOptions() *tsdb.Options {
	o := tsdb.DefaultOptions()
	o.NoLockfile = true
	o.WALCompression = compression.Snappy
	o.RetentionDuration = 0
	o.OutOfOrderTimeWindow = century // so that it replays the log of out-of-order samples, whatever its age
	o.OutOfOrderCapMax = tsdb.DefaultOutOfOrderCapMax
	return o
}

// makeView gives the library blocks to know what is in them already (those that were kept), the readable rest of both logs, and the chunks.
func (b *repaired) makeView(ctx context.Context, view string) error {
	if err := os.Mkdir(view, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(b.to)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isBlock(e) {
			if err := b.clone(ctx, filepath.Join(b.to, e.Name()), filepath.Join(view, e.Name())); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{"wal", "wbl"} {
		if !exists(filepath.Join(b.dir.path, name)) {
			continue
		}
		b.report("log "+name+": save what can be read", 0, 0)
		f := &logFilter{keep: b.plan.Keep}
		if err := f.copy(ctx, filepath.Join(b.dir.path, name), filepath.Join(view, name)); err != nil {
			return err
		}
		b.dropped += f.dropped
	}
	return b.copyChunks(ctx, view)
}

// copyChunks writes chunks_head anew, with every chunk that can be read and does not lie in the future. The library would give up at the first
// damage, and ignore good samples of the log that are older than a chunk of the future.
func (b *repaired) copyChunks(ctx context.Context, view string) (err error) {
	files, err := listLog(filepath.Join(b.dir.path, "chunks_head"))
	if err != nil || len(files.segments) == 0 {
		return err
	}
	to, err := chunks.NewChunkDiskMapper(nil, filepath.Join(view, "chunks_head"), chunkenc.NewPool(), chunks.DefaultWriteBufferSize, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	var failed error
	for _, path := range files.segments {
		_, err := eachHeadChunk(ctx, path, path, func(c headChunk) error {
			decoded, err := chunkenc.FromData(c.encoding, slices.Clone(c.data))
			if err != nil || c.min > int64(b.plan.Keep.High) {
				return nil //nolint:nilerr // of an encoding that the library ignores
			}
			to.WriteChunk(chunks.HeadSeriesRef(c.ref), c.min, c.max, decoded, c.outOfOrder, func(err error) { failed = errors.Join(failed, err) })
			return failed
		})
		if err != nil {
			return spaceError(err)
		}
	}
	return nil
}

// writeHead writes what the head holds of the kept range, a block per span of two hours; out-of-order samples in blocks of their own.
func (b *repaired) writeHead(ctx context.Context, db *tsdb.DB, view string) error {
	had := map[string]bool{}
	for _, block := range db.Blocks() {
		had[block.Meta().ULID.String()] = true
	}
	if err := db.CompactOOOHead(ctx); err != nil {
		return spaceError(fmt.Errorf("out-of-order samples: %w", err))
	}
	if err := b.writeInOrder(ctx, db, view); err != nil {
		return spaceError(err)
	}
	return b.takeOver(ctx, view, had)
}

func (b *repaired) writeInOrder(ctx context.Context, db *tsdb.DB, view string) error {
	head := db.Head()
	if head.MinTime() > head.MaxTime() {
		return nil // it is empty
	}
	c, err := newCompactor(ctx)
	if err != nil {
		return err
	}
	span := headRange.Milliseconds()
	low, high := head.MinTime(), min(head.MaxTime(), int64(b.plan.Keep.High))
	if low > high {
		return nil
	}
	if err := b.before.opened(ctx, tsdb.NewRangeHead(head, low, high), b.plan.Keep); err != nil {
		return err
	}
	for from := low; from <= high; {
		end := min((floorDiv(from, span)+1)*span, high+1)
		b.report("write the head until "+Instant(end).String(), 0, 0)
		if _, err := c.Write(view, tsdb.NewRangeHead(head, from, end-1), from, end, nil); err != nil {
			return err
		}
		from = end
	}
	return nil
}

// takeOver puts the blocks that were made of the head into the new directory. Those of out-of-order samples are as long as the library makes
// them, and may hold samples of the future.
func (b *repaired) takeOver(ctx context.Context, view string, had map[string]bool) error {
	entries, err := os.ReadDir(view)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !isBlock(e) || had[e.Name()] {
			continue
		}
		from, to := filepath.Join(view, e.Name()), filepath.Join(b.to, e.Name())
		seen, err := lookAtBlock(from, e.Name())
		if err != nil {
			return fmt.Errorf("block %s: %w", e.Name(), err)
		}
		if seen.OutOfOrder && seen.Max > b.plan.Keep.High+1 {
			if err := b.rewriteBlock(ctx, from); err != nil {
				return err
			}
			continue
		}
		if seen.OutOfOrder {
			if err := b.before.block(ctx, from, b.plan.Keep); err != nil {
				return err
			}
		}
		if err := os.Rename(from, to); err != nil {
			return err
		}
		b.rewritten = append(b.rewritten, to)
	}
	return nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
