package report

import (
	"fmt"
	"time"

	"github.com/monctl/monctl/doctor"
)

// timeline is a picture of the blocks of one TSDB; positions are shares of the width.
type timeline struct {
	Host, Path, Words string
	Spans             []span
	Now               float64
	Lanes, Height     int
	Ticks             []tick
}

type span struct {
	From, Width float64
	Y           int
	Future      bool // it holds samples of the future
	Tip         string
}

const laneHeight = 16 // pixels

func newTimelines(list []doctor.Timeline) []timeline {
	var all []timeline
	for _, t := range list {
		all = append(all, newTimeline(t))
	}
	return all
}

func newTimeline(t doctor.Timeline) timeline {
	low, high := t.Blocks[0].Min, t.Now
	for _, b := range t.Blocks {
		if b.Max.After(high) {
			high = b.Max
		}
	}
	if t.Now.Before(low) {
		low = t.Now
	}
	whole := max(high.Sub(low), time.Hour)
	at := func(x time.Time) float64 { return 0.01 + 0.98*x.Sub(low).Seconds()/whole.Seconds() }
	out := timeline{Host: t.Host, Path: t.Path, Now: at(t.Now)}
	var ends []time.Time // of each lane
	future := 0
	for _, b := range t.Blocks {
		lane := 0
		for lane < len(ends) && ends[lane].After(b.Min) {
			lane++
		}
		if lane == len(ends) {
			ends = append(ends, b.Max)
		}
		ends[lane] = b.Max
		s := span{From: at(b.Min), Width: max(at(b.Max)-at(b.Min)-0.001, 0.003), Y: lane * laneHeight, Future: b.Max.After(t.Now)}
		s.Tip = fmt.Sprintf("%s: %s to %s", b.ULID, minute(b.Min), minute(b.Max))
		if s.Future {
			future++
		}
		out.Spans = append(out.Spans, s)
	}
	out.Lanes, out.Height = len(ends), len(ends)*laneHeight+8
	noun := "blocks"
	if len(t.Blocks) == 1 {
		noun = "block"
	}
	out.Words = fmt.Sprintf("%d %s, %s to %s", len(t.Blocks), noun, minute(t.Blocks[0].Min), minute(high))
	if future > 0 {
		out.Words += fmt.Sprintf("; %d reach into the future", future)
	}
	for i := range 4 {
		x := low.Add(whole * time.Duration(i) / 3)
		out.Ticks = append(out.Ticks, tick{At: at(x), Label: label(x, whole)})
	}
	return out
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// label is as exact as the whole is long.
func label(t time.Time, whole time.Duration) string {
	if whole < 72*time.Hour {
		return t.UTC().Format("01-02 15:04")
	}
	return t.UTC().Format("2006-01-02")
}
