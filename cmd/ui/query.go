package ui

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/guptarohit/asciigraph"
	"github.com/prometheus/common/model"
)

// Answer is what a Prometheus answered: a vector, matrix, scalar or string.
type Answer struct {
	Expr       string
	Value      model.Value
	Start, End time.Time
	Step       time.Duration
}

const (
	plotHeight = 15
	plotMargin = 14 // columns of the axis
	plotSeries = 8  // more lines cannot be told apart
)

// PlotWidth is the number of points that a plot has room for.
func (u *UI) PlotWidth() int { return min(max(u.width-plotMargin, 20), 200) }

// Samples shows an answer: a table, or a plot with a table of its series. With --json there is one object for each series.
func (u *UI) Samples(a Answer) {
	switch v := a.Value.(type) {
	case model.Vector:
		u.vector(v)
	case model.Matrix:
		u.matrix(a, v)
	case *model.Scalar:
		u.Print("%s", number(float64(v.Value)))
		u.Emit("scalar", map[string]any{"value": []any{seconds(v.Timestamp), v.Value.String()}})
	case *model.String:
		u.Print("%s", v.Value)
		u.Emit("string", map[string]any{"value": []any{seconds(v.Timestamp), v.Value}})
	}
}

func seconds(t model.Time) float64 { return float64(t) / 1000 }

// number is a value as a person reads it: six digits.
func number(v float64) string { return rounded(v, 6) }

func rounded(v float64, digits int) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', digits, 64)
}

// axisDigits is how many digits tell the lines of an axis apart: more than six where the values are large beside their span.
func axisDigits(low, high float64) int {
	const fewest, most = 6, 10 // of what has room before the plot
	digits := 3 + math.Log10(max(math.Abs(low), math.Abs(high))/(high-low))
	return int(min(max(digits, fewest), most))
}

func (u *UI) vector(v model.Vector) {
	if len(v) == 0 {
		u.Say("no series")
		return
	}
	rows := make([][]string, len(v))
	for i, s := range v {
		shown := number(float64(s.Value))
		fields := map[string]any{"metric": s.Metric, "value": []any{seconds(s.Timestamp), s.Value.String()}}
		if s.Histogram != nil {
			shown = "count " + number(float64(s.Histogram.Count)) + ", sum " + number(float64(s.Histogram.Sum))
			delete(fields, "value")
			fields["histogram"] = []any{seconds(s.Timestamp), s.Histogram}
		}
		rows[i] = []string{shown, s.Metric.String()}
		u.Emit("sample", fields)
	}
	u.Table([]string{"VALUE", "SERIES"}, rows)
}

func (u *UI) matrix(a Answer, m model.Matrix) {
	for _, s := range m {
		u.Emit("series", map[string]any{"metric": s.Metric, "values": s.Values, "histograms": s.Histograms})
	}
	if u.JSON {
		return
	}
	if len(m) == 0 {
		u.Say("no series")
		return
	}
	m = slices.Clone(m)
	slices.SortStableFunc(m, func(x, y *model.SampleStream) int { return cmp.Compare(largest(y), largest(x)) })
	drawn := m[:min(len(m), plotSeries)]
	if low, high := extent(drawn); low <= high && !math.IsInf(high-low, 0) {
		u.write(u.out, u.plot(a, drawn)+"\n\n")
	} else {
		drawn = nil
		u.Say("no value that can be drawn: histograms, NaN and infinity cannot")
	}
	u.Table([]string{"", "LAST", "MIN", "MAX", "SERIES"}, u.legend(m, len(drawn)))
	if len(drawn) > 0 && len(m) > len(drawn) {
		u.Say("drawn: the %d series with the largest values, of %d", len(drawn), len(m))
	}
}

// extent is from the smallest to the largest value that can be drawn; low is above high when there is none.
func extent(m model.Matrix) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range m {
		for _, p := range s.Values {
			if v := float64(p.Value); !math.IsInf(v, 0) && !math.IsNaN(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	return low, high
}

// bounds are the smallest and the largest value of a series that are numbers; NaN when none is.
func bounds(s *model.SampleStream) (low, high float64) {
	low, high = math.NaN(), math.NaN()
	for _, p := range s.Values {
		v := float64(p.Value)
		if math.IsNaN(v) {
			continue
		}
		if math.IsNaN(low) {
			low, high = v, v
		}
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

func largest(s *model.SampleStream) float64 {
	_, high := bounds(s)
	return high
}

var lineColours = []asciigraph.AnsiColor{
	asciigraph.Blue, asciigraph.Red, asciigraph.Green, asciigraph.Yellow,
	asciigraph.Magenta, asciigraph.Cyan, asciigraph.Orange, asciigraph.Gray,
}

// lineMarks stand for colours where there are none.
const lineMarks = "*o+x#@%&"

// plot draws the values as parts of their extent: the library counts rows from zero, in integers, and 1e300 ends it.
func (u *UI) plot(a Answer, m model.Matrix) string {
	low, high := extent(m)
	span, digits := high-low, 6
	if span == 0 {
		span = 1
	} else {
		digits = axisDigits(low, high)
	}
	options := []asciigraph.Option{
		asciigraph.Height(plotHeight), asciigraph.Width(u.PlotWidth()), asciigraph.YAxisValueFormatter(func(part float64) string { return rounded(low+part*span, digits) }),
		asciigraph.XAxisRange(seconds(model.TimeFromUnixNano(a.Start.UnixNano())), seconds(model.TimeFromUnixNano(a.End.UnixNano()))),
		asciigraph.XAxisTickCount(max(2, min(5, u.PlotWidth()/10))), asciigraph.XAxisValueFormatter(func(v float64) string { return clockText(v, a.End.Sub(a.Start)) }),
	}
	if u.paint {
		options = append(options, asciigraph.SeriesColors(lineColours[:len(m)]...))
	} else if len(m) > 1 {
		var marks []asciigraph.CharSet
		for i := range m {
			marks = append(marks, asciigraph.CreateCharSet(lineMarks[i:i+1]))
		}
		options = append(options, asciigraph.SeriesChars(marks...))
	}
	lines := make([][]float64, len(m))
	for i, s := range m {
		lines[i] = grid(a, s)
		for j, v := range lines[i] {
			lines[i][j] = (v - low) / span
		}
	}
	return asciigraph.PlotMany(lines, options...)
}

// clockText is a moment of the axis, short for short ranges.
func clockText(unix float64, span time.Duration) string {
	t := time.UnixMilli(int64(unix * 1000))
	if span > 48*time.Hour {
		return t.Format("Jan _2")
	}
	return t.Format("15:04")
}

// grid puts the samples of a series in their columns; there are gaps where there is none.
func grid(a Answer, s *model.SampleStream) []float64 {
	columns := make([]float64, int(a.End.Sub(a.Start)/a.Step)+1)
	for i := range columns {
		columns[i] = math.NaN()
	}
	for _, p := range s.Values {
		i := int((p.Timestamp.Time().Sub(a.Start) + a.Step/2) / a.Step)
		if v := float64(p.Value); i >= 0 && i < len(columns) && !math.IsInf(v, 0) {
			columns[i] = v
		}
	}
	return columns
}

func (u *UI) legend(m model.Matrix, drawn int) [][]string {
	var rows [][]string
	for i, s := range m {
		mark := " "
		switch {
		case i >= drawn:
		case bool(u.paint):
			mark = lineColours[i].String() + "━" + asciigraph.Default.String()
		case drawn > 1:
			mark = lineMarks[i : i+1]
		}
		row := []string{mark, "", "", "", s.Metric.String()}
		if n := len(s.Values); n > 0 {
			low, high := bounds(s)
			row[1], row[2], row[3] = number(float64(s.Values[n-1].Value)), number(low), number(high)
		} else {
			row[1] = count(len(s.Histograms), "histogram")
		}
		rows = append(rows, row)
	}
	return rows
}
