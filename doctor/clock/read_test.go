package clock_test

import (
	"context"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func contextOf(t testing.TB) (context.Context, func()) { return context.WithCancel(t.Context()) }

var zero = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// sample is taken at a moment, took a round trip, and read a clock that is ahead; early is the share of the round trip
// before the clock was read.
func sample(at, trip, ahead time.Duration, early float64) clock.Sample {
	sent := zero.Add(at)
	read := sent.Add(time.Duration(float64(trip) * early)).Add(ahead)
	return clock.Sample{Sent: sent, Received: sent.Add(trip), Time: read, Unit: time.Microsecond}
}

func TestRead(t *testing.T) {
	ms := time.Millisecond
	for name, c := range map[string]struct {
		samples []clock.Sample
		known   bool
		truth   time.Duration
		bound   time.Duration // at most
		stepped bool
		step    time.Duration
	}{
		"nothing":           {},
		"one":               {samples: []clock.Sample{sample(0, 2*ms, 5*ms, 0.5)}, known: true, truth: 5 * ms, bound: ms + 2*time.Microsecond},
		"asymmetric path":   {samples: []clock.Sample{sample(0, 20*ms, 5*ms, 0), sample(30*ms, 20*ms, 5*ms, 1)}, known: true, truth: 5 * ms, bound: 100 * time.Microsecond},
		"one slow answer":   {samples: []clock.Sample{sample(0, 2*ms, -9*ms, 0.5), sample(5*ms, 900*ms, -9*ms, 0.9)}, known: true, truth: -9 * ms, bound: ms + 2*time.Microsecond},
		"slewing 500 ppm":   {samples: []clock.Sample{sample(0, ms, 0, 0.5), sample(700*ms, ms, 350*time.Microsecond, 0.5), sample(750*ms, ms, 375*time.Microsecond, 0.9)}, known: true, truth: 0, bound: 2 * ms},
		"chrony in a hurry": {samples: []clock.Sample{sample(0, ms, 0, 0.5), sample(100*ms, ms, -8300*time.Microsecond, 0.5), sample(200*ms, ms, -16600*time.Microsecond, 0.5)}, known: true, truth: 0, bound: ms},
		"step of 30 ms":     {samples: []clock.Sample{sample(0, ms, 0, 0.5), sample(100*ms, ms, -30*ms, 0.5)}, known: true, truth: -30 * ms, bound: ms, stepped: true, step: -30 * ms},
		"step backward": {
			samples: []clock.Sample{sample(0, ms, 9*time.Hour, 0.5), sample(10*ms, ms, 9*time.Hour, 0.4), sample(20*ms, ms, 0, 0.5), sample(30*ms, ms, 0, 0.6)},
			known:   true, truth: 0, bound: ms, stepped: true, step: -9 * time.Hour,
		},
		"steps to and fro": {samples: []clock.Sample{sample(0, ms, time.Second, 0.5), sample(10*ms, ms, 0, 0.5), sample(20*ms, ms, time.Second, 0.5)}, stepped: true, step: -time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			r := clock.Read(c.samples)
			if r.Known != c.known || r.Stepped != c.stepped {
				t.Fatalf("got %+v", r)
			}
			if d := r.Step - c.step; c.stepped && (d > time.Second || d < -time.Second) {
				t.Errorf("step %v, want %v", r.Step, c.step)
			}
			if c.known && (r.Offset.Low > c.truth || r.Offset.High < c.truth || r.Offset.Bound() > c.bound) {
				t.Errorf("got %v ± %v, want %v within %v", r.Offset.Value(), r.Offset.Bound(), c.truth, c.bound)
			}
		})
	}
}

// TestReadWholeSeconds finds the edge between two seconds of a clock that shows no fractions.
func TestReadWholeSeconds(t *testing.T) {
	var samples []clock.Sample
	ahead := 4321 * time.Millisecond
	for at := time.Duration(0); at < 1050*time.Millisecond; at += 3 * time.Millisecond {
		s := sample(at, 2*time.Millisecond, ahead, 0.5)
		s.Time, s.Unit = s.Time.Truncate(time.Second), time.Second
		samples = append(samples, s)
	}
	r := clock.Read(samples)
	if !r.Known || r.Offset.Low > ahead || r.Offset.High < ahead || r.Offset.Bound() > 9*time.Millisecond {
		t.Errorf("got %v ± %v, want %v", r.Offset.Value(), r.Offset.Bound(), ahead)
	}
}

func TestIntervals(t *testing.T) {
	i := clock.Around(-40*time.Second, 2*time.Second)
	if !i.Outside(30*time.Second) || i.Outside(39*time.Second) || i.Inside(41*time.Second) || !i.Inside(42*time.Second) {
		t.Error("Outside and Inside must both be certain")
	}
	if d := i.Minus(clock.Around(10*time.Second, time.Second)); d != clock.Around(-50*time.Second, 3*time.Second) {
		t.Errorf("Minus: got %+v", d)
	}
}
