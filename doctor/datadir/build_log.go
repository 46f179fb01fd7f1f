package datadir

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tombstones"
	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"
)

// logFilter copies a log without samples, exemplars and tombstones that lie outside of a range, and without markers: they point into
// chunks of the head, which are left out. Checkpoint and segments become plain segments from 0 on.
type logFilter struct {
	keep    Range
	sum     *summer           // of what is kept; nil counts nothing
	names   map[uint64]uint64 // of series
	dropped int64             // samples
	out     *wlog.WL
	enc     record.Encoder
	batch   [][]byte
	size    int
}

// batchBytes is how much is handed to the library at once.
const batchBytes = 1 << 20

// copy reads what can be read of a log and writes what is kept.
func (f *logFilter) copy(ctx context.Context, from, to string) (err error) {
	files, err := listLog(from)
	if err != nil {
		return err
	}
	if f.out, err = wlog.New(quiet, nil, to, compression.Snappy); err != nil {
		return spaceError(err)
	}
	defer func() {
		if closed := f.out.Close(); err == nil {
			err = spaceError(closed)
		}
	}()
	dec := newDecoder()
	for _, path := range files.segments {
		err := eachRecord(ctx, path, func(rec []byte) error {
			e, err := dec.decode(rec)
			if err != nil {
				return nil //nolint:nilerr // damage: the inspection has counted it
			}
			return f.entry(e)
		}, func(int64, bool, error) {})
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return f.flush()
}

// entry decides about one record. Records that are kept whole are copied as they are.
func (f *logFilter) entry(e *entry) error {
	if f.sum != nil {
		f.sum.entry(e, f.names, f.keep)
	}
	if e.kind == record.MmapMarkers || e.kind == record.Unknown {
		return nil
	}
	if f.whole(e) {
		return f.log(slices.Clone(e.raw))
	}
	for _, rec := range f.filtered(e) {
		if err := f.log(rec); err != nil {
			return err
		}
	}
	return nil
}

// whole says that all of a record lies in the range.
func (f *logFilter) whole(e *entry) bool {
	has := f.keep.Has
	switch e.kind {
	case record.Samples, record.SamplesV2:
		return !slices.ContainsFunc(e.floats, func(s record.RefSample) bool { return !has(s.T) })
	case record.HistogramSamples, record.HistogramSamplesV2, record.CustomBucketsHistogramSamples:
		return !slices.ContainsFunc(e.histograms, func(s record.RefHistogramSample) bool { return !has(s.T) })
	case record.FloatHistogramSamples, record.FloatHistogramSamplesV2, record.CustomBucketsFloatHistogramSamples:
		return !slices.ContainsFunc(e.floatHists, func(s record.RefFloatHistogramSample) bool { return !has(s.T) })
	case record.Exemplars:
		return !slices.ContainsFunc(e.exemplars, func(s record.RefExemplar) bool { return !has(s.T) })
	case record.Tombstones:
		return false
	}
	return true
}

// filtered encodes what is kept of a record, in the version that it was written in. The two kinds of histograms are records of
// their own, as wlog.Checkpoint writes them.
func (f *logFilter) filtered(e *entry) [][]byte {
	f.enc.EnableSTStorage = e.kind == record.SamplesV2 || e.kind == record.HistogramSamplesV2 || e.kind == record.FloatHistogramSamplesV2
	var out [][]byte
	add := func(rec []byte, n int) {
		if n > 0 && len(rec) > 0 {
			out = append(out, rec)
		}
	}
	has := f.keep.Has
	switch e.kind {
	case record.Samples, record.SamplesV2:
		all := len(e.floats)
		kept := slices.DeleteFunc(e.floats, func(s record.RefSample) bool { return !has(s.T) })
		f.dropped += int64(all - len(kept))
		add(f.enc.Samples(kept, nil), len(kept))
	case record.HistogramSamples, record.HistogramSamplesV2, record.CustomBucketsHistogramSamples:
		all := len(e.histograms)
		kept := slices.DeleteFunc(e.histograms, func(s record.RefHistogramSample) bool { return !has(s.T) })
		f.dropped += int64(all - len(kept))
		if e.kind == record.CustomBucketsHistogramSamples {
			add(f.enc.CustomBucketsHistogramSamples(kept, nil), len(kept))
			break
		}
		rec, custom := f.enc.HistogramSamples(kept, nil)
		add(rec, len(kept)-len(custom))
		add(f.enc.CustomBucketsHistogramSamples(custom, nil), len(custom))
	case record.FloatHistogramSamples, record.FloatHistogramSamplesV2, record.CustomBucketsFloatHistogramSamples:
		all := len(e.floatHists)
		kept := slices.DeleteFunc(e.floatHists, func(s record.RefFloatHistogramSample) bool { return !has(s.T) })
		f.dropped += int64(all - len(kept))
		if e.kind == record.CustomBucketsFloatHistogramSamples {
			add(f.enc.CustomBucketsFloatHistogramSamples(kept, nil), len(kept))
			break
		}
		rec, custom := f.enc.FloatHistogramSamples(kept, nil)
		add(rec, len(kept)-len(custom))
		add(f.enc.CustomBucketsFloatHistogramSamples(custom, nil), len(custom))
	case record.Exemplars:
		kept := slices.DeleteFunc(e.exemplars, func(s record.RefExemplar) bool { return !has(s.T) })
		add(f.enc.Exemplars(kept, nil), len(kept))
	case record.Tombstones:
		kept := f.stones(e.stones)
		add(f.enc.Tombstones(kept, nil), len(kept))
	}
	return out
}

// stones cuts deletions down to the range: one of the future would delete what is written there later.
func (f *logFilter) stones(all []tombstones.Stone) []tombstones.Stone {
	var kept []tombstones.Stone
	for _, s := range all {
		var spans tombstones.Intervals
		for _, iv := range s.Intervals {
			iv.Mint, iv.Maxt = max(iv.Mint, int64(f.keep.Low)), min(iv.Maxt, int64(f.keep.High))
			if iv.Mint <= iv.Maxt {
				spans = append(spans, iv)
			}
		}
		if len(spans) > 0 {
			kept = append(kept, tombstones.Stone{Ref: s.Ref, Intervals: spans})
		}
	}
	return kept
}

// log hands records to the library in batches: each call may write a page.
func (f *logFilter) log(rec []byte) error {
	f.batch = append(f.batch, rec)
	f.size += len(rec)
	if f.size < batchBytes {
		return nil
	}
	return f.flush()
}

func (f *logFilter) flush() error {
	err := f.out.Log(f.batch...)
	f.batch, f.size = f.batch[:0], 0
	return spaceError(err)
}
