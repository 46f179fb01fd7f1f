package datadir

import (
	"strings"
	"testing"
)

func TestUnreadableBy(t *testing.T) {
	plain := Inspection{WAL: Log{Records: map[string]int{"series": 1, "samples": 9}}}
	native := Inspection{WAL: Log{Records: map[string]int{"samples": 1, "histogram_samples": 2}}}
	custom := Inspection{WBL: Log{Records: map[string]int{"custom_buckets_histogram_samples": 3}}}
	later := Inspection{WAL: Log{Unknown: map[string]int{"77": 4}}}
	for name, tt := range map[string]struct {
		in      Inspection
		version string
		want    string // of the only line; "" is none
	}{
		"floats by an old one":         {plain, "2.5.0", ""},
		"histograms by one before":     {native, "2.41.0", "wal: 2 records of type histogram_samples, which Prometheus 2.41.0 does not know"},
		"histograms by the first":      {native, "2.42.0", ""},
		"custom buckets by 2.55":       {custom, "2.55.1", "wbl: 3 records of type custom_buckets_histogram_samples"},
		"custom buckets by 3.13":       {custom, "3.13.5", ""},
		"an unknown record by monctl":  {later, "", "unknown type 77"},
		"an unknown record by another": {later, "3.13.5", "unknown type 77"},
	} {
		got, err := tt.in.UnreadableBy(tt.version)
		if err != nil || (tt.want == "") != (len(got) == 0) || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
			t.Errorf("%s: %q %v, want %q", name, got, err, tt.want)
		}
	}
	if _, err := plain.UnreadableBy("soon"); err == nil {
		t.Error("a word that is no version is taken")
	}
}
