package clock

import (
	"testing"
	"time"
)

func TestAgree(t *testing.T) {
	at := func(offset, bound time.Duration, who string) Reading {
		return Reading{Offset: offset, Bound: bound, Source: who}
	}
	for name, c := range map[string]struct {
		in            []Reading
		offset, bound time.Duration
		source        string
	}{
		"one":             {[]Reading{at(5, 2, "a")}, 5, 2, "a"},
		"two overlap":     {[]Reading{at(5, 2, "a"), at(8, 2, "b")}, 6, 0, "a, b"}, // they agree on 6 to 7; half of it is 0 ns
		"a liar":          {[]Reading{at(100, 10, "a"), at(9000, 10, "liar"), at(110, 10, "b")}, 105, 5, "a, b"},
		"one in another":  {[]Reading{at(0, 100, "wide"), at(10, 4, "narrow")}, 10, 4, "wide, narrow"},
		"touching agree":  {[]Reading{at(0, 10, "a"), at(20, 10, "b")}, 10, 0, "a, b"},
		"negative":        {[]Reading{at(-31768, 8, "a"), at(-31760, 8, "b")}, -31764, 4, "a, b"},
		"none of several": {[]Reading{at(0, 1, "a"), at(100, 1, "b")}, 0, 1, "a"},
	} {
		got := Agree(c.in)
		if got.Offset != c.offset || got.Bound != c.bound || got.Source != c.source {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestStep(t *testing.T) {
	wall, elapsed := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Duration(0)
	w := Watch{Wall: func() time.Time { return wall }, Elapsed: func() time.Duration { return elapsed }}
	pass := func(ran, jumped time.Duration) time.Duration {
		wall, elapsed = wall.Add(ran+jumped), elapsed+ran
		return w.Step()
	}
	for i, c := range []struct{ ran, jumped, want time.Duration }{
		{0, time.Hour, 0}, // the first look remembers
		{time.Second, 0, 0},
		{time.Minute, 0, 0}, // a late look is no step
		{time.Second, 400 * time.Millisecond, 0},
		{time.Second, 2 * time.Hour, 2 * time.Hour},
		{time.Second, -31768 * time.Second, -31768 * time.Second},
		{time.Second, 0, 0},
	} {
		if got := pass(c.ran, c.jumped); got != c.want {
			t.Errorf("look %d: %s, want %s", i, got, c.want)
		}
	}
}
