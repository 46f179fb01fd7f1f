package datadir

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Instant is a time as the TSDB keeps it: milliseconds since 1970. In JSON it is RFC 3339 with milliseconds; outside of the years
// that can be written so (a damaged file may say anything) "ms:NUMBER".
type Instant int64

// The ends of time, which mean "none" where a range is empty or open.
const (
	Never   Instant = math.MaxInt64
	Forever Instant = math.MinInt64
)

const instantLayout = "2006-01-02T15:04:05.000Z07:00"

// At makes an Instant of a time.
func At(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time gives the time; wrong beyond the years that time.Time can hold.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// Sub is the duration since o, at most what a Duration holds.
func (i Instant) Sub(o Instant) time.Duration {
	const most = math.MaxInt64 / int64(time.Millisecond)
	d := int64(i) - int64(o)
	switch {
	case i >= o && (d < 0 || d > most):
		return math.MaxInt64
	case i < o && (d > 0 || d < -most):
		return math.MinInt64
	}
	return time.Duration(d) * time.Millisecond
}

// Add moves an instant; the ends of time stay where they are.
func (i Instant) Add(d time.Duration) Instant {
	if i == Never || i == Forever {
		return i
	}
	return i + Instant(d.Milliseconds())
}

// String is RFC 3339 with milliseconds, or "ms:NUMBER".
func (i Instant) String() string {
	if t := i.Time(); t.Year() >= 1 && t.Year() <= 9999 {
		return t.Format(instantLayout)
	}
	return "ms:" + strconv.FormatInt(int64(i), 10)
}

// MarshalJSON writes String.
func (i Instant) MarshalJSON() ([]byte, error) { return json.Marshal(i.String()) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (i *Instant) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("instant: %w", err)
	}
	if ms, ok := strings.CutPrefix(s, "ms:"); ok {
		n, err := strconv.ParseInt(ms, 10, 64)
		*i = Instant(n)
		return err
	}
	t, err := time.Parse(time.RFC3339, s)
	*i = At(t)
	return err
}

// Range is a span of time with both ends in it; empty when Low is after High.
type Range struct {
	Low  Instant `json:"low"`
	High Instant `json:"high"`
}

// nothing is the empty range, which grows with add.
func nothing() Range { return Range{Never, Forever} }

// Empty says that nothing is in it.
func (r Range) Empty() bool { return r.Low > r.High }

// Has says whether an instant is in it.
func (r Range) Has(t int64) bool { return t >= int64(r.Low) && t <= int64(r.High) }

// add makes the range wide enough for t.
func (r *Range) add(t int64) {
	r.Low, r.High = min(r.Low, Instant(t)), max(r.High, Instant(t))
}
