package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/clock"
)

// clockChart draws the offset of every clock as a bar from zero, with its bound as an error bar, on one scale:
//
//	vm1                     │━━━━━━━━━━●  +31768.012 s ± 0.4 ms
//	vm2                     ●             +0.000 s ± 0.3 ms
//
// Zero is the true time where it is known, else this machine's clock. Where the bars would be too narrow, or nobody looks, there are
// the numbers alone.
func clockChart(f doctor.Fleet, width int, bars bool) []string {
	rows := chartRows(f)
	names, most := 0, time.Millisecond
	for _, r := range rows {
		names = max(names, text.StringWidthWithoutEscSequences(r.name))
		if r.known {
			most = max(most, r.off.Value().Abs()+r.off.Bound())
		}
	}
	columns := min(width-names-36, 60) / 2 * 2 // numbers beside it take up to 34 columns
	if len(rows) < 2 {
		return nil
	}
	var lines []string
	for _, r := range rows {
		bar, number := "", "unknown"
		if r.known {
			number = signed(r.off)
		}
		if bars && columns >= 10 {
			bar = strings.Repeat(" ", columns+1) + "  "
			if r.known {
				bar = drawBar(r.off, most, columns) + "  "
			}
		}
		lines = append(lines, text.Pad(r.name, names, ' ')+"  "+bar+number)
	}
	return lines
}

type chartRow struct {
	name  string
	off   clock.Interval
	known bool
}

func chartRows(f doctor.Fleet) []chartRow {
	zero := clock.Interval{}
	var rows []chartRow
	if f.Truth.Known {
		zero = f.Truth.Offset
		rows = append(rows, chartRow{"this machine", clock.Interval{}.Minus(zero), true})
	}
	for _, h := range f.Hosts {
		if h.Clock.Known || h.Clock.Err != "" { // else nobody asked for it
			rows = append(rows, chartRow{h.Name, h.Clock.Offset.Minus(zero), h.Clock.Known})
		}
	}
	if !f.Truth.Known && len(rows) > 0 {
		rows = append([]chartRow{{"this machine", zero, true}}, rows...)
	}
	return rows
}

// drawBar is columns+1 wide with zero in the middle; most is what the half of it stands for.
func drawBar(off clock.Interval, most time.Duration, columns int) string {
	half := columns / 2
	at := func(d time.Duration) int {
		return half + int(math.Round(float64(d)/float64(most)*float64(half)))
	}
	bar := []rune(strings.Repeat(" ", columns+1))
	low, value, high := at(off.Low), at(off.Value()), at(off.High)
	for i := min(value, half); i <= max(value, half); i++ {
		bar[i] = '━'
	}
	for i := max(low, 0); i <= min(high, columns); i++ {
		if low < high && (i < min(value, half) || i > max(value, half)) {
			bar[i] = '─'
		}
	}
	bar[half] = '│'
	if low < value {
		bar[max(low, 0)] = '├'
	}
	if high > value {
		bar[min(high, columns)] = '┤'
	}
	bar[value] = '●'
	return string(bar)
}

// signed is an offset as a number: "+31768.012 s ± 0.4 ms", "-12 µs ± 76 µs"; "0 s" is what the others are compared with.
func signed(off clock.Interval) string {
	v, sign := off.Value(), "+"
	if v < 0 {
		v, sign = -v, "-"
	}
	switch {
	case off == clock.Interval{}:
		return "0 s"
	case v >= time.Second:
		return fmt.Sprintf("%s%.3f s ± %s", sign, v.Seconds(), short(off.Bound()))
	}
	return sign + short(v) + " ± " + short(off.Bound())
}

// short is a length of time with two digits or more that count.
func short(d time.Duration) string {
	tenths := func(x float64) string {
		if x < 10 {
			return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
		}
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	switch {
	case d >= time.Second:
		return tenths(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return tenths(float64(d.Microseconds())/1000) + " ms"
	}
	return strconv.FormatInt(d.Microseconds(), 10) + " µs"
}
