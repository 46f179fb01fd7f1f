package datadir

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
)

// everything selects all series.
var everything = labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".*")

// chunkFile is how long a file of chunks becomes. The library claims the whole length first: its own 512 MB would not fit on many a disk that
// is nearly full, and shorter files are as good.
const chunkFile = 64 << 20

// newCompactor writes blocks as Prometheus does.
func newCompactor(ctx context.Context) (*tsdb.LeveledCompactor, error) {
	return tsdb.NewLeveledCompactorWithOptions(ctx, nil, quiet, []int64{headRange.Milliseconds()}, nil, tsdb.LeveledCompactorOptions{MaxBlockChunkSegmentSize: chunkFile})
}

// rewriteBlock writes a block anew without the samples after the kept range. It ends right behind its last sample: its former end is that
// of a whole span of two hours, and the head refuses samples before the end of the newest block (failures.md B06).
func (b *repaired) rewriteBlock(ctx context.Context, from string) error {
	block, err := tsdb.OpenBlock(quiet, from, nil, nil)
	if err != nil {
		return err
	}
	defer block.Close()
	meta := block.Meta()
	last, err := lastSample(ctx, block, b.plan.Keep)
	if err != nil {
		return err
	}
	if last < int64(b.plan.Keep.Low) || last < meta.MinTime { // it has none that is kept
		b.dropped += int64(meta.Stats.NumSamples)
		return nil
	}
	c, err := newCompactor(ctx)
	if err != nil {
		return err
	}
	ids, err := c.Write(b.to, block, max(meta.MinTime, int64(b.plan.Keep.Low)), last+1, &meta)
	if err != nil {
		return spaceError(err)
	}
	kept := b.before.samples
	if err := b.before.opened(ctx, block, b.plan.Keep); err != nil {
		return err
	}
	b.dropped += int64(meta.Stats.NumSamples) - (b.before.samples - kept)
	for _, id := range ids {
		b.rewritten = append(b.rewritten, filepath.Join(b.to, id.String()))
	}
	return nil
}

// lastSample finds the newest sample of a block that lies in a range; the smallest instant when there is none. Only chunks across the end of the
// range are decoded.
func lastSample(ctx context.Context, b *tsdb.Block, keep Range) (int64, error) {
	ir, err := b.Index()
	if err != nil {
		return 0, err
	}
	defer ir.Close()
	cr, err := b.Chunks()
	if err != nil {
		return 0, err
	}
	defer cr.Close()
	name, value := index.AllPostingsKey()
	postings, err := ir.Postings(ctx, name, value)
	if err != nil {
		return 0, err
	}
	last := int64(Forever)
	var builder labels.ScratchBuilder
	var metas []chunks.Meta
	for postings.Next() {
		if err := ir.Series(postings.At(), &builder, &metas); err != nil {
			return 0, fmt.Errorf("series: %w", err)
		}
		for _, m := range metas {
			switch {
			case m.MaxTime <= last || m.MinTime > int64(keep.High):
			case m.MaxTime <= int64(keep.High):
				last = m.MaxTime
			default:
				if last, err = lastInChunk(cr, m, keep, last); err != nil {
					return 0, err
				}
			}
		}
	}
	return last, postings.Err()
}

func lastInChunk(cr tsdb.ChunkReader, m chunks.Meta, keep Range, last int64) (int64, error) {
	c, _, err := cr.ChunkOrIterable(m)
	if err != nil {
		return 0, fmt.Errorf("chunk: %w", err)
	}
	it := c.Iterator(nil)
	for it.Next() != chunkenc.ValNone && it.AtT() <= int64(keep.High) {
		last = max(last, it.AtT())
	}
	return last, it.Err()
}

// seriesOf reads all series of a querier in a range.
func seriesOf(ctx context.Context, q storage.Querier) storage.SeriesSet {
	return q.Select(ctx, false, nil, everything)
}
