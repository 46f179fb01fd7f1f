package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

// shown is what an answer looks like in a terminal of some columns, and as JSON.
func shown(t *testing.T, width int, value model.Value) (text, said, lines string) {
	t.Helper()
	a := Answer{Expr: "x", Value: value, Start: time.Unix(0, 0), End: time.Unix(60, 0), Step: time.Second}
	var out, err, asJSON bytes.Buffer
	u := &UI{out: &out, err: &err, width: width}
	u.Samples(a)
	(&UI{Options: Options{JSON: true}, out: &asJSON, err: &err, width: width}).Samples(a)
	for line := range strings.Lines(asJSON.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	return out.String(), err.String(), asJSON.String()
}

func series(name string, values ...float64) *model.SampleStream {
	s := &model.SampleStream{Metric: model.Metric{"__name__": model.LabelValue(name)}}
	for i, v := range values {
		s.Values = append(s.Values, model.SamplePair{Timestamp: model.Time(i * 1000), Value: model.SampleValue(v)})
	}
	return s
}

// Whatever the values are, and however narrow the terminal is, the answer is shown.
func TestOddAnswers(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	histogram := &model.SampleHistogram{Count: 4, Sum: 2.5}
	many := model.Vector{}
	for n := range 10_000 {
		many = append(many, &model.Sample{Metric: model.Metric{"n": model.LabelValue(fmt.Sprint(n))}, Value: 1})
	}
	for name, c := range map[string]struct {
		value      model.Value
		text, said string
	}{
		"nothing now":       {model.Vector{}, "", "no series"},
		"nothing of a span": {model.Matrix{}, "", "no series"},
		"NaN":               {model.Vector{{Value: model.SampleValue(nan)}}, "NaN", ""},
		"infinity":          {model.Vector{{Value: model.SampleValue(inf)}, {Value: model.SampleValue(-inf)}}, "-Inf", ""},
		"a histogram":       {model.Vector{{Histogram: histogram}}, "count 4, sum 2.5", ""},
		"only NaN":          {model.Matrix{series("a", nan, nan)}, "NaN   NaN  NaN", "no value that can be drawn"},
		"only infinity":     {model.Matrix{series("a", inf, -inf)}, "-Inf  -Inf  +Inf", "no value that can be drawn"},
		"too far apart":     {model.Matrix{series("a", math.MaxFloat64, -math.MaxFloat64)}, "1.79769e+308", "no value that can be drawn"},
		"some NaN":          {model.Matrix{series("a", nan, 1, 7, nan)}, "NaN   1    7", ""},
		"large":             {model.Matrix{series("a", 1e300, 1e300)}, "1e+300", ""},
		"histograms":        {model.Matrix{{Metric: model.Metric{"__name__": "h"}, Histograms: []model.SampleHistogramPair{{Histogram: histogram}}}}, "1 histogram", "no value that can be drawn"},
		"one point":         {model.Matrix{series("a", 3)}, "3", ""},
		"ten thousand":      {many, `{n="9999"}`, ""},
		"a scalar":          {&model.Scalar{Value: model.SampleValue(nan)}, "NaN", ""},
	} {
		for _, width := range []int{21, 40, 80, 300} {
			text, said, _ := shown(t, width, c.value)
			if !strings.Contains(text, c.text) || !strings.Contains(said, c.said) {
				t.Errorf("%s in %d columns:\n%s\n%s", name, width, text, said)
			}
		}
	}
}

// A plot fits a terminal of forty columns.
func TestNarrowPlot(t *testing.T) {
	text, _, _ := shown(t, 40, model.Matrix{series("a", 1, 2, 3, 2, 1, 5)})
	plot, _, _ := strings.Cut(text, "\n\n")
	for line := range strings.Lines(plot) {
		if n := len([]rune(strings.TrimRight(line, " \n"))); n > 40 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
