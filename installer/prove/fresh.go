package prove

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// slack is what a sample of a well target may be older than two intervals, or ahead of Prometheus' clock: a slow scrape
// and rounding.
const slack = 5 * time.Second

// Stale says what is wrong with the newest samples of expected targets: each must be younger than two scrape intervals, by
// Prometheus' own clock. What "up" believes is not enough: it goes on for five minutes after the last sample.
func (p Prometheus) Stale(ctx context.Context, expected []Expected) (map[Series]error, error) {
	targets, err := p.Targets(ctx)
	if err != nil {
		return nil, err
	}
	values, err := p.Query(ctx, "time() - timestamp(up)", time.Time{})
	if err != nil {
		return nil, err
	}
	age, interval := map[Series]time.Duration{}, map[Series]time.Duration{}
	for _, v := range values {
		age[Series{v.Labels["job"], v.Labels["instance"]}] = time.Duration(v.Value * float64(time.Second))
	}
	for _, t := range targets {
		interval[Series{t.Job, t.Instance}] = t.Interval
	}
	stale := map[Series]error{}
	for _, e := range expected {
		a, ok := age[e.Series]
		limit := 2*interval[e.Series] + slack
		switch {
		case !ok:
			stale[e.Series] = errors.New("no sample of up in the last five minutes")
		case a > limit && interval[e.Series] > 0:
			stale[e.Series] = fmt.Errorf("its newest sample is %s old, with a scrape every %s", a.Round(time.Second), interval[e.Series])
		case a < -slack:
			stale[e.Series] = fmt.Errorf("its newest sample is %s in the future of Prometheus' clock", (-a).Round(time.Second))
		}
	}
	return stale, nil
}

// appendedMetric counts the samples that the head block took (tsdb/head.go).
const appendedMetric = "prometheus_tsdb_head_samples_appended_total"

// Appended reads how many samples Prometheus took since its start, from its own metrics page: what is stored cannot
// witness that storing goes on.
func (p Prometheus) Appended(ctx context.Context) (float64, error) {
	body, err := p.Asker.Get(ctx, p.Base+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	sum, found := sumOf(string(body), appendedMetric, "")
	if !found {
		return 0, fmt.Errorf("%s/metrics has no %s", p.Base, appendedMetric)
	}
	return sum, nil
}

// sumOf adds up the series of a metric in the text format whose labels contain a text; found is whether there is one.
func sumOf(page, metric, label string) (sum float64, found bool) {
	for line := range strings.Lines(page) {
		rest, ok := strings.CutPrefix(line, metric)
		if !ok || rest == "" || rest[0] != ' ' && rest[0] != '{' || !strings.Contains(rest, label) {
			continue
		}
		fields := strings.Fields(rest[strings.LastIndex(rest, "}")+1:])
		if len(fields) == 0 {
			continue
		}
		if v, err := strconv.ParseFloat(fields[0], 64); err == nil {
			sum, found = sum+v, true
		}
	}
	return sum, found
}
