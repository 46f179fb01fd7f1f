package datadir

import (
	"errors"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/encoding"
	"github.com/prometheus/prometheus/tsdb/record"
)

// errCounts is of a record that says it has more of something than it has bytes. The library believes such counts, and takes
// minutes, or more memory than there is.
var errCounts = errors.New("it counts more labels or buckets than it has bytes")

// countsFit looks at the counts in a record before the library decodes it (the formats of tsdb/record 3.13). Other damage is
// left to the library to find.
func countsFit(kind record.Type, rec []byte) error {
	d := &encoding.Decbuf{B: rec}
	d.Byte()
	var fits func(first bool) bool
	switch kind {
	case record.Series:
		fits = func(bool) bool { d.Be64(); return labelsFit(d) }
	case record.Exemplars:
		d.Skip(min(16, d.Len()))
		fits = func(bool) bool { skipVarints(d, 2); d.Be64(); return labelsFit(d) }
	case record.HistogramSamples, record.CustomBucketsHistogramSamples:
		d.Skip(min(16, d.Len()))
		fits = func(bool) bool { skipVarints(d, 2); return histogramFits(d, skipVarint) }
	case record.FloatHistogramSamples, record.CustomBucketsFloatHistogramSamples:
		d.Skip(min(16, d.Len()))
		fits = func(bool) bool { skipVarints(d, 2); return histogramFits(d, skipFloat) }
	case record.HistogramSamplesV2:
		skipVarints(d, 3)
		fits = func(first bool) bool { skipStart(d, first); return histogramFits(d, skipVarint) }
	case record.FloatHistogramSamplesV2:
		skipVarints(d, 3)
		fits = func(first bool) bool { skipStart(d, first); return histogramFits(d, skipFloat) }
	default:
		return nil
	}
	for first := true; d.Len() > 0 && d.Err() == nil; first = false {
		if !fits(first) {
			return errCounts
		}
	}
	return nil
}

// skipStart skips the series, the time and the start time of a sample of version 2. The first one has them before it.
func skipStart(d *encoding.Decbuf, first bool) {
	if first {
		return
	}
	skipVarints(d, 2)
	if marker := d.Byte(); marker > 1 { // 0 has no start time, 1 that of the one before
		skipVarint(d)
	}
}

func skipVarints(d *encoding.Decbuf, n int) {
	for range n {
		skipVarint(d)
	}
}

func skipVarint(d *encoding.Decbuf) { d.Uvarint64() }
func skipFloat(d *encoding.Decbuf)  { d.Be64() }
func skipSpan(d *encoding.Decbuf)   { skipVarints(d, 2) }
func skipLabel(d *encoding.Decbuf)  { d.UvarintBytes(); d.UvarintBytes() }

func labelsFit(d *encoding.Decbuf) bool { return listFits(d, skipLabel) }

// histogramFits is given how counts and buckets are written: as varints, or as floats of 8 bytes.
func histogramFits(d *encoding.Decbuf, skip func(*encoding.Decbuf)) bool {
	d.Byte() // the hint
	schema := int32(d.Varint64())
	d.Be64() // the threshold of zero
	skip(d)
	skip(d)
	d.Be64()                                                          // the sum
	lists := []func(*encoding.Decbuf){skipSpan, skipSpan, skip, skip} // positive, negative, and their buckets
	if histogram.IsCustomBucketsSchema(schema) {
		lists = append(lists, skipFloat)
	}
	for _, one := range lists {
		if !listFits(d, one) {
			return false
		}
	}
	return true
}

// listFits reads a count and that many of something, of which each takes a byte at least.
func listFits(d *encoding.Decbuf, skip func(*encoding.Decbuf)) bool {
	n := d.Uvarint64()
	if d.Err() != nil {
		return true
	}
	if n > uint64(d.Len()) {
		return false
	}
	for ; n > 0 && d.Err() == nil; n-- {
		skip(d)
	}
	return true
}
