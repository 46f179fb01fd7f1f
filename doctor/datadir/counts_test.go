package datadir

import (
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
)

// TestCountsFit has every record with counts, as the library writes it and with start times: none of them is refused, and with a
// count of its own changed each is.
func TestCountsFit(t *testing.T) {
	lset := labels.FromStrings("__name__", "good", "instance", "a:1", "empty_value", "x")
	var ints []record.RefHistogramSample
	var floats []record.RefFloatHistogramSample
	custom := tsdbutil.GenerateTestCustomBucketsHistogram(7)
	for i := range int64(3) {
		ints = append(ints, record.RefHistogramSample{Ref: 5, T: 100 + i, ST: 40 * i, H: tsdbutil.GenerateTestHistogram(i)})
		floats = append(floats, record.RefFloatHistogramSample{Ref: 5, T: 100 + i, ST: 40 * i, FH: tsdbutil.GenerateTestFloatHistogram(i)})
	}
	plain, timed := record.Encoder{}, record.Encoder{EnableSTStorage: true}
	intsV1, _ := plain.HistogramSamples(ints, nil)
	floatsV1, _ := plain.FloatHistogramSamples(floats, nil)
	intsV2, _ := timed.HistogramSamples(ints, nil)
	floatsV2, _ := timed.FloatHistogramSamples(floats, nil)
	records := map[string][]byte{
		"series":         plain.Series([]record.RefSeries{{Ref: 1, Labels: lset}, {Ref: 2, Labels: lset}}, nil),
		"exemplars":      plain.Exemplars([]record.RefExemplar{{Ref: 1, T: 9, V: 1, Labels: lset}, {Ref: 2, T: 10, V: 2, Labels: lset}}, nil),
		"histograms":     intsV1,
		"histograms 2":   intsV2,
		"floats":         floatsV1,
		"floats 2":       floatsV2,
		"custom buckets": plain.CustomBucketsHistogramSamples([]record.RefHistogramSample{{Ref: 1, T: 9, H: custom}, {Ref: 2, T: 10, H: custom}}, nil),
		"custom floats":  plain.CustomBucketsFloatHistogramSamples([]record.RefFloatHistogramSample{{Ref: 1, T: 9, FH: custom.ToFloat((*histogram.FloatHistogram)(nil))}}, nil),
	}
	for name, rec := range records {
		if _, err := newDecoder().decode(rec); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		refused := 0
		for i := 1; i < len(rec); i++ {
			huge := append(append(append([]byte{}, rec[:i]...), 0xff, 0xff, 0xff, 0xff, 0x7f), rec[i+1:]...)
			if countsFit(newDecoder().dec.Type(rec), huge) != nil {
				refused++
			}
		}
		if refused == 0 {
			t.Errorf("%s: no huge count was refused", name)
		}
	}
}
