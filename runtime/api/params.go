package api

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
)

// The bounds of time where a request names none; upstream's values, which clients send back.
var (
	minTime = time.Unix(math.MinInt64/1000+62135596801, 0).UTC()
	maxTime = time.Unix(math.MaxInt64/1000-62135596801, 999999999).UTC()
)

// parseTime reads seconds since 1970 with a fraction, or RFC 3339.
func parseTime(s string) (time.Time, error) {
	if t, err := strconv.ParseFloat(s, 64); err == nil {
		if !(t >= float64(minTime.Unix()) && t <= float64(maxTime.Unix())) { // NaN is neither
			return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp: it is beyond all times", s)
		}
		seconds, fraction := math.Modf(t)
		fraction = math.Round(fraction*1000) / 1000
		return time.Unix(int64(seconds), int64(fraction*float64(time.Second))).UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	switch s { // of more than four digits for the year, which Go does not parse
	case minTime.Format(time.RFC3339Nano):
		return minTime, nil
	case maxTime.Format(time.RFC3339Nano):
		return maxTime, nil
	}
	return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", s)
}

// timeParameter reads an optional time.
func timeParameter(r *http.Request, name string, otherwise time.Time) (time.Time, error) {
	s := r.FormValue(name)
	if s == "" {
		return otherwise, nil
	}
	t, err := parseTime(s)
	if err != nil {
		return t, badParameter(fmt.Errorf("invalid time value for '%s': %w", name, err), name)
	}
	return t, nil
}

// window reads the optional start and end, in milliseconds.
func window(r *http.Request) (start, end int64, err error) {
	from, err := timeParameter(r, "start", minTime)
	if err != nil {
		return 0, 0, err
	}
	to, err := timeParameter(r, "end", maxTime)
	if err != nil {
		return 0, 0, err
	}
	return timestamp.FromTime(from), timestamp.FromTime(to), nil
}

// parseDuration reads seconds with a fraction, or Prometheus' form (5m).
func parseDuration(s string) (time.Duration, error) {
	if d, err := strconv.ParseFloat(s, 64); err == nil {
		ns := d * float64(time.Second)
		if math.IsNaN(ns) || ns > float64(math.MaxInt64) || ns < float64(math.MinInt64) {
			return 0, fmt.Errorf("cannot parse %q to a valid duration. It overflows int64", s)
		}
		return time.Duration(ns), nil
	}
	if d, err := model.ParseDuration(s); err == nil {
		return time.Duration(d), nil
	}
	return 0, fmt.Errorf("cannot parse %q to a valid duration", s)
}

var errTruncated = errors.New("results truncated due to limit")

// limitParameter reads the optional limit; 0 is none.
func limitParameter(r *http.Request) (int, error) {
	s := r.FormValue("limit")
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err == nil && n < 0 {
		err = errors.New("limit must be non-negative")
	}
	if err != nil {
		return 0, badParameter(err, "limit")
	}
	return n, nil
}

// hint is the limit for the storage: one more, so that it can be said that there is more.
func hint(limit int) int {
	if limit > 0 && limit < math.MaxInt {
		return limit + 1
	}
	return limit
}

// matchers parses match[] parameters; each must keep something out.
func (a *API) matchers(selectors []string) ([][]*labels.Matcher, error) {
	sets, err := a.Parser.ParseMetricSelectors(selectors)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if !selective(set) {
			return nil, errors.New("match[] must contain at least one non-empty matcher")
		}
	}
	return sets, nil
}

func selective(set []*labels.Matcher) bool {
	for _, m := range set {
		if m != nil && !m.Matches("") {
			return true
		}
	}
	return false
}
