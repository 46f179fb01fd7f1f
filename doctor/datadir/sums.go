package datadir

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/encoding"
	"github.com/prometheus/prometheus/tsdb/record"
)

// summer adds up samples: per series their number, over all a checksum that does not depend on their order. It keeps 24 bytes per series.
type summer struct {
	series     map[uint64]int64 // samples per series, by the hash of its labels
	floats     int64
	histograms int64
	samples    int64 // both
	sum        uint64
	refs       map[uint64]uint64 // hash of labels per reference of the log that is being read
	buf        encoding.Encbuf
}

func newSummer() *summer { return &summer{series: map[uint64]int64{}, refs: map[uint64]uint64{}} }

// sums gives the result. The number of samples of every series goes into the sum, so that two series that swap samples are noticed.
func (s *summer) sums() Sums {
	sum := s.sum
	for hash, n := range s.series {
		sum += mix(hash, uint64(n), 0)
	}
	return Sums{Series: len(s.series), Floats: s.floats, Histograms: s.histograms, Sum: fmt.Sprintf("%016x", sum)}
}

// names returns the references that a log uses, to be filled from its series records. The log of out-of-order samples uses those of the other
// one.
func (s *summer) names(log string) map[uint64]uint64 {
	if log == "wal" {
		clear(s.refs)
	}
	return s.refs
}

// mix hashes three words (the finalizer of MurmurHash3, by Appleby, over their combination).
func mix(a, b, c uint64) uint64 {
	h := a ^ (b * 0x9e3779b97f4a7c15) ^ (c*0xc2b2ae3d27d4eb4f + 0x165667b19e3779f9)
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func (s *summer) float(series uint64, t int64, v float64) {
	s.floats++
	s.samples++
	s.series[series]++
	s.sum += mix(series, uint64(t), math.Float64bits(v))
}

// histogram hashes a native histogram by its buckets, without how they are laid out and without the reset hint: both may change
// when a chunk is written anew.
func (s *summer) histogram(series uint64, t int64, h *histogram.Histogram) {
	h = h.Copy().Compact(0)
	h.CounterResetHint = histogram.UnknownCounterReset
	s.buf.Reset()
	record.EncodeHistogram(&s.buf, h)
	s.histograms++
	s.samples++
	s.series[series]++
	s.sum += mix(series, uint64(t), xxhash.Sum64(s.buf.Get()))
}

func (s *summer) floatHistogram(series uint64, t int64, h *histogram.FloatHistogram) {
	h = h.Copy().Compact(0)
	h.CounterResetHint = histogram.UnknownCounterReset
	s.buf.Reset()
	record.EncodeFloatHistogram(&s.buf, h)
	s.histograms++
	s.samples++
	s.series[series]++
	s.sum += mix(series, uint64(t), xxhash.Sum64(s.buf.Get()))
}

// block adds the samples of a block in a range.
func (s *summer) block(ctx context.Context, dir string, keep Range) error {
	b, err := tsdb.OpenBlock(quiet, dir, nil, nil)
	if err != nil {
		return err
	}
	defer b.Close()
	return s.opened(ctx, b, keep)
}

func (s *summer) opened(ctx context.Context, b tsdb.BlockReader, keep Range) error {
	q, err := tsdb.NewBlockQuerier(b, int64(keep.Low), int64(keep.High))
	if err != nil {
		return err
	}
	defer q.Close()
	return s.set(seriesOf(ctx, q), keep)
}

// set adds all samples of a set of series that lie in a range.
func (s *summer) set(set storage.SeriesSet, keep Range) error {
	var it chunkenc.Iterator
	for set.Next() {
		series := set.At()
		hash := hashOf(series.Labels())
		it = series.Iterator(it)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			if !keep.Has(it.AtT()) {
				continue
			}
			switch kind {
			case chunkenc.ValFloat:
				t, v := it.At()
				s.float(hash, t, v)
			case chunkenc.ValHistogram:
				t, h := it.AtHistogram(nil)
				s.histogram(hash, t, h)
			case chunkenc.ValFloatHistogram:
				t, h := it.AtFloatHistogram(nil)
				s.floatHistogram(hash, t, h)
			}
		}
		if err := it.Err(); err != nil {
			return err
		}
	}
	return set.Err()
}

func hashOf(l labels.Labels) uint64 { return l.Hash() }

// log adds the samples of a log in a range. Damage is an error here: what was just written has none.
func (s *summer) log(ctx context.Context, dir, name string, keep Range) error {
	files, err := listLog(dir)
	if err != nil {
		return err
	}
	names, dec := s.names(name), newDecoder()
	var damage error
	for _, path := range files.segments {
		err := eachRecord(ctx, path, func(rec []byte) error {
			e, err := dec.decode(rec)
			if err == nil {
				s.entry(e, names, keep)
			}
			return err
		}, func(offset int64, _ bool, err error) { damage = fmt.Errorf("%s: at %d: %w", path, offset, err) })
		if err := errors.Join(err, damage); err != nil {
			return err
		}
	}
	return nil
}

// entry adds the samples of one record. Samples of series without a name count for nothing: no reader can get them.
func (s *summer) entry(e *entry, names map[uint64]uint64, keep Range) {
	switch e.kind {
	case record.Series:
		for _, r := range e.series {
			names[uint64(r.Ref)] = hashOf(r.Labels)
		}
	case record.Samples, record.SamplesV2:
		for n := range e.floats {
			if hash, ok := names[uint64(e.floats[n].Ref)]; ok && keep.Has(e.floats[n].T) {
				s.float(hash, e.floats[n].T, e.floats[n].V)
			}
		}
	case record.HistogramSamples, record.HistogramSamplesV2, record.CustomBucketsHistogramSamples:
		for _, h := range e.histograms {
			if hash, ok := names[uint64(h.Ref)]; ok && keep.Has(h.T) {
				s.histogram(hash, h.T, h.H)
			}
		}
	case record.FloatHistogramSamples, record.FloatHistogramSamplesV2, record.CustomBucketsFloatHistogramSamples:
		for _, h := range e.floatHists {
			if hash, ok := names[uint64(h.Ref)]; ok && keep.Has(h.T) {
				s.floatHistogram(hash, h.T, h.FH)
			}
		}
	}
}
