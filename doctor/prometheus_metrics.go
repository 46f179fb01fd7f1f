package doctor

import (
	"errors"
	"strconv"
	"strings"
)

// metric adds up the series of a name on the server's own /metrics.
func (s server) metric(name string) (float64, error) {
	if len(s.Metrics) == 0 {
		return 0, errors.New("/metrics was not read")
	}
	sum, found := 0.0, false
	for key, v := range s.Metrics {
		if rest, ok := strings.CutPrefix(key, name); ok && (rest == "" || rest[0] == '{') {
			sum, found = sum+v, true
		}
	}
	if !found {
		return 0, errors.New("/metrics has no " + name)
	}
	return sum, nil
}

// counter is metric, 0 when this version does not have it.
func (s server) counter(name string) float64 {
	v, err := s.metric(name)
	if err != nil {
		return 0
	}
	return v
}

// vector is the answer of an instant query.
type vector struct {
	Result []struct {
		Metric map[string]string
		Value  [2]any // seconds, and the value as text
	}
}

func (v vector) value(i int) float64 {
	text, _ := v.Result[i].Value[1].(string)
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return n
}

// rise says by how much a counter rose within the last ten minutes. It is not known when Prometheus does not scrape
// itself or does not store what it scrapes.
func (s server) rise(name string) (by float64, known bool) {
	now, err := s.metric(name)
	if err != nil || now == 0 {
		return 0, err == nil
	}
	if age, ok := s.age(); ok && age < 10*60 {
		return now, true
	}
	self, ok := s.self()
	earlier, err := answer[vector](s, askEarlier)
	if !ok || err != nil {
		return 0, false
	}
	sum, found := 0.0, false
	for i, r := range earlier.Result {
		if r.Metric["__name__"] == name && r.Metric["instance"] == self.Labels["instance"] && r.Metric["job"] == self.Labels["job"] {
			sum, found = sum+earlier.value(i), true
		}
	}
	if sum > now {
		sum = 0 // it was restarted since
	}
	return now - sum, found
}

// age is how long the process has run by its own clock, in seconds.
func (s server) age() (float64, bool) {
	start, err := s.metric("process_start_time_seconds")
	now, _, clockErr := s.clock(askRuntime)
	return float64(now.Unix()) - start, err == nil && clockErr == nil
}
