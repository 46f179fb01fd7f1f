package datadir

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/tsdb/record"
)

// headRange is the span of a head, --storage.tsdb.min-block-duration, which nobody changes: half of it is how far behind its newest
// sample the head takes others (tsdb/head_append.go appendableMinValidTime).
const headRange = 2 * time.Hour

// headLook follows what a starting Prometheus would do with chunks and logs, without keeping samples: some 60 bytes per series.
type headLook struct {
	now      Instant
	from     Instant // what is older is in blocks; the library calls it minValidTime
	keptFrom Instant // the same, were there no future
	ordered  bool    // a block gave from
	series   map[uint64]*seriesLook
	reaches  Range // of the samples that the library would load
	stopped  bool  // the library reads no further: damage
	named    int
}

// seriesLook is what is known of one series of the head.
type seriesLook struct {
	named      bool
	chunks     Range // of its in-order chunks
	chunkMax   int64 // newest that the library attaches
	last       int64 // newest in the log so far
	inChunks   int   // samples that are in chunks and should be in the log
	inLog      int   // … that are
	checked    Range // in which they are counted
	unattached bool
}

func newHeadLook(i *Inspection) *headLook {
	h := &headLook{now: i.Now, from: Forever, keptFrom: Forever, series: map[uint64]*seriesLook{}, reaches: nothing()}
	for _, b := range i.Blocks {
		if b.Err == "" && !b.OutOfOrder {
			h.ordered = true
			h.from = max(h.from, b.Max)
			h.keptFrom = max(h.keptFrom, min(b.Max, i.Now+1))
		}
	}
	i.WAL, i.WBL = newLog(), newLog()
	i.Chunks.Times, i.Head.Samples = nothing(), nothing()
	return h
}

func newLog() Log {
	return Log{Records: map[string]int{}, Unknown: map[string]int{}, Times: nothing()}
}

func (h *headLook) of(ref uint64) *seriesLook {
	s := h.series[ref]
	if s == nil {
		s = &seriesLook{chunks: nothing(), checked: nothing(), chunkMax: int64(Forever), last: int64(Forever), unattached: true}
		h.series[ref] = s
	}
	return s
}

// chunks reads chunks_head.
func (h *headLook) chunks(ctx context.Context, d Dir, i *Inspection) error {
	l, err := listLog(filepath.Join(d.path, "chunks_head"))
	if err != nil {
		return err
	}
	i.Chunks.Files, i.Chunks.Bytes = len(l.segments), l.bytes
	for _, gap := range l.gaps {
		i.Chunks.Damage = append(i.Chunks.Damage, Damage{File: "chunks_head", Err: gap})
	}
	kept := Range{h.keptFrom, h.now}
	damaged := false
	for _, path := range l.segments {
		damage, err := eachHeadChunk(ctx, path, rel(d.path, path), func(c headChunk) error {
			i.Chunks.Chunks++
			i.Chunks.Samples += int64(c.samples)
			i.Chunks.Times.add(c.min)
			i.Chunks.Times.add(c.max)
			if c.outOfOrder {
				return nil
			}
			s := h.of(c.ref)
			if n := c.within(kept); n > 0 {
				s.inChunks += n
				s.checked.add(max(c.min, int64(kept.Low)))
				s.checked.add(min(c.max, int64(kept.High)))
			}
			if !damaged && c.max >= int64(h.from) { // a damaged file is deleted, and all after it
				s.chunks.add(c.min)
				s.chunkMax = max(s.chunkMax, c.max)
			}
			return nil
		})
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case damage != nil:
			i.Chunks.Damage = append(i.Chunks.Damage, *damage)
			damaged = true
		}
	}
	return nil
}

// log reads the segments of a log.
func (h *headLook) log(ctx context.Context, d Dir, name string, l *Log) error {
	dir := filepath.Join(d.path, name)
	files, err := listLog(dir)
	if err != nil {
		return err
	}
	l.Segments, l.Checkpoint, l.Bytes = len(files.segments), files.checkpoint, files.bytes
	for _, gap := range files.gaps {
		l.Damage = append(l.Damage, Damage{File: name, Err: gap})
	}
	dec := newDecoder()
	for _, path := range files.segments {
		file := rel(d.path, path)
		tail := len(l.Damage)
		note := func(offset int64, last bool, err error) {
			l.Damage = append(l.Damage, Damage{File: file, Offset: offset, Err: err.Error(), Tail: last})
			h.stopped = true
		}
		err := eachRecord(ctx, path, func(rec []byte) error {
			e, err := dec.decode(rec)
			if err != nil {
				note(0, false, err)
				return nil
			}
			h.record(e, name == "wal", l)
			return nil
		}, note)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if path != files.segments[len(files.segments)-1] {
			for n := tail; n < len(l.Damage); n++ {
				l.Damage[n].Tail = false // whole segments follow
			}
		}
	}
	return nil
}

func (h *headLook) record(e *entry, inOrder bool, l *Log) {
	if e.kind == record.Unknown {
		l.Unknown[strconv.Itoa(int(e.number))]++
		return
	}
	l.Records[kindName(e.kind)]++
	switch e.kind {
	case record.Series:
		for _, s := range e.series {
			h.name(uint64(s.Ref), l)
		}
	case record.Samples, record.SamplesV2:
		for n := range e.floats {
			h.sample(uint64(e.floats[n].Ref), e.floats[n].T, inOrder, l)
		}
	case record.HistogramSamples, record.HistogramSamplesV2, record.CustomBucketsHistogramSamples:
		for n := range e.histograms {
			h.sample(uint64(e.histograms[n].Ref), e.histograms[n].T, inOrder, l)
		}
	case record.FloatHistogramSamples, record.FloatHistogramSamplesV2, record.CustomBucketsFloatHistogramSamples:
		for n := range e.floatHists {
			h.sample(uint64(e.floatHists[n].Ref), e.floatHists[n].T, inOrder, l)
		}
	}
}

// name is a series record: the library attaches the chunks of the series then.
func (h *headLook) name(ref uint64, l *Log) {
	s := h.of(ref)
	if !s.named {
		s.named = true
		l.Series++
		h.named++
	}
	if s.unattached && !h.stopped && !s.chunks.Empty() {
		h.reaches.add(int64(s.chunks.Low))
		h.reaches.add(s.chunkMax)
	}
	s.unattached = false
}

func (h *headLook) sample(ref uint64, t int64, inOrder bool, l *Log) {
	l.Samples++
	l.Times.add(t)
	if t > int64(h.now) {
		l.Future++
	}
	s := h.series[ref]
	if s == nil || !s.named {
		l.Lost++
		return
	}
	if !inOrder {
		return
	}
	if t > s.last {
		s.last = t
		if s.checked.Has(t) {
			s.inLog++
		}
	}
	if !h.stopped && t >= int64(h.from) && t > s.chunkMax {
		h.reaches.add(t)
	}
}

// finish predicts the head of the next start.
func (h *headLook) finish(i *Inspection) {
	for _, s := range h.series {
		if s.inChunks > s.inLog {
			i.WAL.Behind += int64(s.inChunks - s.inLog)
		}
	}
	i.Head.Series, i.Head.Samples = h.named, h.reaches
	i.Head.RefusesBefore, i.Head.Known = h.from, h.ordered
	if !h.reaches.Empty() {
		i.Head.Known = true
		i.Head.RefusesBefore = max(h.from, h.reaches.High.Add(-headRange/2))
	}
}
