package datadir

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tombstones"
)

// quiet is the logger that the library is given: what it would say is in the result.
var quiet = slog.New(slog.DiscardHandler)

// entry is one decoded record; of the slices only those of its type are filled. All of it is overwritten by the next.
type entry struct {
	kind       record.Type
	number     byte // the type as it is written, also when it is not known
	raw        []byte
	series     []record.RefSeries
	floats     []record.RefSample
	histograms []record.RefHistogramSample
	floatHists []record.RefFloatHistogramSample
	stones     []tombstones.Stone
	exemplars  []record.RefExemplar
}

// decoder decodes records into one entry.
type decoder struct {
	dec record.Decoder
	e   entry
}

func newDecoder() *decoder {
	return &decoder{dec: record.NewDecoder(labels.NewSymbolTable(), quiet)}
}

// decode reads a record. Metadata and markers are only named: they are copied or dropped as they are. The library
// panics on some damaged records that pass their checksum; that is damage too.
func (d *decoder) decode(rec []byte) (out *entry, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("decode: %v", r)
		}
	}()
	e := &d.e
	e.kind, e.number, e.raw = d.dec.Type(rec), 0, rec
	if len(rec) > 0 {
		e.number = rec[0]
	}
	if err := countsFit(e.kind, rec); err != nil {
		return nil, fmt.Errorf("decode %s: %w", e.kind, err)
	}
	switch e.kind {
	case record.Series:
		e.series, err = d.dec.Series(rec, e.series[:0])
	case record.Samples, record.SamplesV2:
		e.floats, err = d.dec.Samples(rec, e.floats[:0])
	case record.HistogramSamples, record.CustomBucketsHistogramSamples, record.HistogramSamplesV2:
		e.histograms, err = d.dec.HistogramSamples(rec, e.histograms[:0])
	case record.FloatHistogramSamples, record.CustomBucketsFloatHistogramSamples, record.FloatHistogramSamplesV2:
		e.floatHists, err = d.dec.FloatHistogramSamples(rec, e.floatHists[:0])
	case record.Tombstones:
		e.stones, err = d.dec.Tombstones(rec, e.stones[:0])
	case record.Exemplars:
		e.exemplars, err = d.dec.Exemplars(rec, e.exemplars[:0])
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", e.kind, err)
	}
	return e, nil
}

// kindName names a type of record as the library does.
func kindName(k record.Type) string { return k.String() }
