package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/clock"
)

// offsets is a bar chart around zero. Its scale is linear below a millisecond and logarithmic above, so that a clock that
// is hours wrong does not hide one that is a second wrong.
type offsets struct {
	Against string
	Rows    []offsetRow
	Ticks   []tick
	Folded  int    // clocks that are well and not shown
	Within  string // how far from zero they are at most
}

// offsetRow is one clock; positions are shares of the width.
type offsetRow struct {
	Name, Number, Why    string
	Level                doctor.Level
	Known                bool
	From, Width          float64 // bar
	Value                float64 // its end
	ErrorFrom, ErrorUpTo float64
}

type tick struct {
	At    float64
	Label string
	Zero  bool
}

// mostClocks are shown at once; of more, those that are well are folded but for a few.
const (
	mostClocks = 24
	fewClocks  = 6
)

func newOffsets(f doctor.Fleet) offsets {
	list, against := f.Offsets()
	chart := offsets{Against: against}
	list, chart.Folded, chart.Within = fold(list)
	most := 10 * time.Millisecond
	for _, o := range list {
		if o.Known {
			most = max(most, o.Off.Low.Abs(), o.Off.High.Abs())
		}
	}
	at := func(d time.Duration) float64 { return 0.5 + 0.48*magnitude(d)/magnitude(most) }
	for _, o := range list {
		r := offsetRow{Name: o.Name, Level: o.Level, Known: o.Known, Why: o.Why, Number: "unknown"}
		if o.Known {
			r.Value, r.ErrorFrom, r.ErrorUpTo = at(o.Off.Value()), at(o.Off.Low), at(o.Off.High)
			r.From, r.Width = min(0.5, r.Value), math.Abs(r.Value-0.5)
			r.ErrorUpTo = max(r.ErrorUpTo, r.ErrorFrom)
			r.Number = number(o.Off)
		}
		chart.Rows = append(chart.Rows, r)
	}
	chart.Ticks = ticks(most, at)
	return chart
}

// fold leaves out clocks that are well when there are many.
func fold(list []doctor.Offset) (shown []doctor.Offset, folded int, within string) {
	far := func(o doctor.Offset) time.Duration { return max(o.Off.Low.Abs(), o.Off.High.Abs()) }
	slices.SortStableFunc(list, func(a, b doctor.Offset) int {
		if len(list) <= mostClocks {
			return 0
		}
		return cmp.Or(cmp.Compare(b.Level, a.Level), cmp.Compare(far(b), far(a)))
	})
	if len(list) <= mostClocks {
		return list, 0, ""
	}
	well := slices.IndexFunc(list, func(o doctor.Offset) bool { return o.Level <= doctor.Note })
	if well < 0 || well+fewClocks >= len(list) {
		return list, 0, ""
	}
	rest := list[well+fewClocks:]
	return list[:well+fewClocks], len(rest), short(far(rest[0]))
}

// magnitude is the scale: linear near zero, then logarithmic.
func magnitude(d time.Duration) float64 {
	return math.Copysign(math.Log10(1+math.Abs(d.Seconds())*1000), float64(d))
}

func ticks(most time.Duration, at func(time.Duration) float64) []tick {
	list := []tick{{At: at(0), Label: "0", Zero: true}}
	last := 0.0
	for _, d := range []time.Duration{10 * time.Millisecond, time.Second, time.Minute, time.Hour, 24 * time.Hour, 365 * 24 * time.Hour} {
		if d > most || at(d)-last < 0.06 {
			continue
		}
		last = at(d)
		list = append(list, tick{At: at(d), Label: "+" + short(d)}, tick{At: at(-d), Label: "−" + short(d)})
	}
	return list
}

// number is an offset with as many decimals as its bound is worth, in milliseconds or microseconds when it is small.
func number(off clock.Interval) string {
	value, bound, unit := off.Value().Seconds(), off.Bound().Seconds(), "s"
	switch most := max(math.Abs(value), bound); {
	case most < 1e-3:
		value, bound, unit = math.Round(value*1e6), 1, "µs"
	case most < 1:
		value, bound, unit = value*1e3, bound*1e3, "ms"
	}
	decimals := 0
	for b := bound; b < 1 && decimals < 3; b *= 10 {
		decimals++
	}
	text := strconv.FormatFloat(math.Abs(value), 'f', decimals, 64)
	sign := "+"
	if value < 0 {
		sign = "−"
	}
	return sign + text + " " + unit + " ± " + short(off.Bound())
}

// short is a length of time with the digits that count.
func short(d time.Duration) string {
	digits := func(v float64) string { return strconv.FormatFloat(v, 'g', 2, 64) }
	switch {
	case d >= 365*24*time.Hour:
		return fmt.Sprintf("%.0f y", d.Hours()/24/365)
	case d >= 48*time.Hour, d == 24*time.Hour:
		return fmt.Sprintf("%.0f d", d.Hours()/24)
	case d >= time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	case d >= time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d >= time.Second:
		return digits(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return fmt.Sprintf("%.3g ms", float64(d.Microseconds())/1000)
	}
	return strconv.FormatInt(d.Microseconds(), 10) + " µs"
}
