// Package clock compares clocks: of a host with this machine's, over any pair of streams, and of this machine's with NTP
// servers. Every result is an interval that holds the truth, not a guess. The package judges nothing and knows nothing
// of hosts or of SSH.
package clock

import (
	"math"
	"time"
)

// Interval is a difference between two clocks that lies within [Low, High]: the other clock minus this machine's.
type Interval struct{ Low, High time.Duration }

// Around makes the interval value ± bound.
func Around(value, bound time.Duration) Interval { return Interval{value - bound, value + bound} }

// Value is the middle.
func (i Interval) Value() time.Duration { return i.Low + (i.High-i.Low)/2 }

// Bound is half the width: the truth is within Value ± Bound.
func (i Interval) Bound() time.Duration { return (i.High - i.Low + 1) / 2 }

// Aged is an interval that was known some time ago: the clocks may have drifted apart since.
func (i Interval) Aged(by time.Duration) Interval {
	allow := time.Duration(float64(by) * drift)
	return Interval{i.Low - allow, i.High + allow}
}

// Minus is the interval of the difference of two clocks that were both compared with this machine's.
func (i Interval) Minus(o Interval) Interval { return Interval{i.Low - o.High, i.High - o.Low} }

// Intersect gives what lies in both; false when nothing does.
func (i Interval) Intersect(o Interval) (Interval, bool) {
	both := Interval{max(i.Low, o.Low), min(i.High, o.High)}
	return both, both.Low <= both.High
}

// Outside says that the whole interval is further than limit from zero: it is certainly too far.
func (i Interval) Outside(limit time.Duration) bool { return i.Low > limit || i.High < -limit }

// Inside says that the whole interval is within limit of zero: it is certainly near enough.
func (i Interval) Inside(limit time.Duration) bool { return i.Low >= -limit && i.High <= limit }

// Seconds gives value and bound for evidence.
func (i Interval) Seconds() (value, bound float64) {
	return round(i.Value().Seconds()), round(i.Bound().Seconds())
}

// round keeps microseconds.
func round(s float64) float64 { return math.Round(s*1e6) / 1e6 }

// Reading is a comparison of another clock with this machine's.
type Reading struct {
	Known   bool
	Offset  Interval // the other clock minus this machine's
	Samples int
	Reader  string // what read the clock there: "perl", "bash", "date", "HTTP Date"
	// Stepped is set when the samples contradict each other: a clock jumped during the measurement, by about Step.
	Stepped bool
	Step    time.Duration
	Err     string // why it is not known
}

// Truth is what NTP servers say about this machine's clock.
type Truth struct {
	Known   bool
	Offset  Interval // true time minus this machine's clock
	Servers []Server
	// Source says what the truth rests on: "3 of 4 NTP servers", or why there is none.
	Source string
	// HTTPS is the Date header of a web server, when NTP did not answer: it tells a blocked port 123 from no network.
	HTTPS Reading
}

// Server is one NTP server asked.
type Server struct {
	Name        string
	Offset      Interval // true time according to it minus this machine's clock
	Stratum     int
	Falseticker bool   // its interval contradicts the majority
	Kissed      bool   // it answered with a kiss of death: it is not to be asked again
	Err         string // why its answer does not count
}
