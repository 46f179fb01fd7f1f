package clock

import (
	"slices"
	"time"
)

// drift is how fast two clocks part when nobody is in a hurry. Crystals are within 100 ppm, and the kernel lets a
// daemon slew by 500 ppm (MAXFREQ, include/linux/timex.h). slew is what a daemon in a hurry may do besides: chrony stretches the
// kernel's tick by up to a tenth (adjtimex(2), ADJ_TICK; chrony.conf(5), maxslewrate), which is no step.
const (
	drift = 1000e-6
	slew  = 0.1 + drift
)

// tick is how long time(2) may still show the second that has passed: it reads the clock as of the last tick of the
// kernel, which comes 100 times a second on the slowest configuration (CONFIG_HZ).
const tick = 10 * time.Millisecond

// interval is what one sample says. perl rounds its microseconds, so one unit is allowed on both sides.
func (s Sample) interval() Interval {
	late := s.Unit
	if s.Unit >= time.Second {
		late += tick
	}
	return Interval{s.Time.Sub(s.Received) - min(s.Unit, time.Microsecond), s.Time.Add(late).Sub(s.Sent)}
}

// Read intersects what the samples say. Each holds the truth for certain, without any belief in a symmetric path, so that
// their intersection does. When it is empty the clock was stepped in the middle: the result is what holds at the
// end, and by how much it jumped.
func Read(samples []Sample) Reading {
	if len(samples) == 0 {
		return Reading{}
	}
	r := Reading{Samples: len(samples)}
	for _, rate := range []float64{drift, slew} {
		if whole, ok := intersect(samples, rate); ok {
			r.Known, r.Offset = true, whole
			return r
		}
	}
	r.Stepped = true
	at := jump(samples)
	before, _ := intersect(samples[:at], slew)
	after, ok := intersect(samples[at:], slew)
	r.Step = after.Value() - before.Value()
	if !ok {
		r.Err = "the clock was stepped more than once while it was measured"
		return r
	}
	r.Known, r.Offset = true, after
	return r
}

// intersect allows for the clocks to part, at a rate, since the narrowest sample.
func intersect(samples []Sample, rate float64) (Interval, bool) {
	best := slices.MinFunc(samples, func(a, b Sample) int {
		return int(a.Received.Sub(a.Sent) + a.Unit - b.Received.Sub(b.Sent) - b.Unit)
	})
	result, ok := best.interval(), true
	for _, s := range samples {
		apart := s.Received.Sub(best.Sent)
		if apart < 0 {
			apart = best.Received.Sub(s.Sent)
		}
		allow := time.Duration(float64(apart) * rate)
		i := s.interval()
		both, meet := result.Intersect(Interval{i.Low - allow, i.High + allow})
		if !meet {
			ok = false
			continue
		}
		result = both
	}
	return result, ok
}

// jump is the first sample that contradicts those before it.
func jump(samples []Sample) int {
	for n := 2; n <= len(samples); n++ {
		if _, ok := intersect(samples[:n], slew); !ok {
			return n - 1
		}
	}
	return len(samples) - 1
}

// ByHTTP is the clock behind an HTTP answer: it was read at some moment between sent and received, and truncated to unit.
func ByHTTP(at, sent, received time.Time, unit time.Duration, reader string) Reading {
	s := Sample{Sent: sent, Received: received, Time: at, Unit: unit}
	return Reading{Known: true, Offset: s.interval(), Samples: 1, Reader: reader}
}
