package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// questions are asked while scraping goes on.
var questions = []struct{ name, query string }{
	{"sum by (instance)(rate) ms", `sum by (instance)(rate(x_total[1m]))`},
	{"topk of rates ms", `topk(10, rate(x_total[1m]))`},
	{"quantile of buckets ms", `histogram_quantile(0.99, sum by (le)(rate(h_seconds_bucket[1m])))`},
	{"… for each instance ms", `histogram_quantile(0.99, sum by (le,instance)(rate(h_seconds_bucket[1m])))`},
	{"count of everything ms", `count({__name__=~".+"})`},
}

const (
	asked       = 50 // times each
	askedRanges = 15
)

// measureLoad runs all servers at once on the same targets.
func measureLoad(ctx context.Context, l load, servers kinds, scratch string) (*table, error) {
	t := newTable(fmt.Sprintf("%d targets of %d series every %s, all servers at once, %s after %s", l.targets, l.series, l.interval, l.measure, l.warm), servers)
	f, err := newFarm(l)
	if err != nil {
		return nil, err
	}
	defer f.close()
	running := make([]*server, len(servers))
	for i, k := range servers {
		if running[i], err = scraping(ctx, k, l.interval, f, scratch); err != nil {
			return nil, err
		}
		defer func() { _ = running[i].end(syscall.SIGKILL) }()
	}
	if err := pause(ctx, l.warm); err != nil {
		return nil, err
	}
	if err := ingest(ctx, t, l, f, running); err != nil {
		return nil, err
	}
	return t, interrogate(ctx, t, l, running)
}

// scraping starts a server on all targets.
func scraping(ctx context.Context, k kind, every time.Duration, f *farm, scratch string) (*server, error) {
	config, err := write(scratch, k, every, f.list())
	if err != nil {
		return nil, err
	}
	s, err := prepare(ctx, k, filepath.Join(scratch, "load-"+k.name), config)
	if err != nil {
		return nil, err
	}
	_, err = s.run(ctx)
	return s, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ingest measures CPU and memory of scraping alone.
func ingest(ctx context.Context, t *table, l load, f *farm, running []*server) error {
	cpu, scrapes := make([]time.Duration, len(running)), make([]int, len(running))
	for i, s := range running {
		var err error
		if cpu[i], err = s.cpu(); err != nil {
			return err
		}
		scrapes[i] = f.count(s.name)
	}
	began := time.Now()
	if err := pause(ctx, l.measure); err != nil {
		return err
	}
	for i, s := range running {
		used, err := s.cpu()
		if err != nil {
			return err
		}
		resident, anonymous, _, err := s.memory()
		if err != nil {
			return err
		}
		samples := float64(f.count(s.name)-scrapes[i]) * float64(l.series)
		t.add("samples/s", i, samples/time.Since(began).Seconds())
		t.add("CPU s per million samples", i, (used-cpu[i]).Seconds()/samples*1e6)
		t.add("RSS MB", i, resident/1e6)
		t.add("… of it anonymous", i, anonymous/1e6)
	}
	return nil
}

// interrogate asks all servers in turn, so that a busy moment hits them alike.
func interrogate(ctx context.Context, t *table, l load, running []*server) error {
	for _, q := range questions {
		if err := askAll(ctx, t, running, q.name, asked, func() string { return "/api/v1/query?query=" + url.QueryEscape(q.query) }); err != nil {
			return err
		}
	}
	span := min(l.warm+l.measure, 5*time.Minute)
	return askAll(ctx, t, running, fmt.Sprintf("the first over %s ms", span), askedRanges, func() string {
		now := time.Now()
		return fmt.Sprintf("/api/v1/query_range?query=%s&start=%d&end=%d&step=5", url.QueryEscape(questions[0].query), now.Add(-span).Unix(), now.Unix())
	})
}

// askAll asks each server the same a number of times; one that does not do it has no figure.
func askAll(ctx context.Context, t *table, running []*server, name string, times int, path func() string) error {
	took := make([][]float64, len(running))
	for n := range times {
		for turn := range running {
			i := (n + turn) % len(running) // each is the first as often as the others
			s, began := running[i], time.Now()
			code, err := s.get(ctx, path(), nil)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", s.name, name, err)
			}
			if code == http.StatusOK {
				took[i] = append(took[i], float64(time.Since(began).Microseconds())/1000)
			}
		}
	}
	for i := range running {
		if len(took[i]) > 0 {
			t.add(name, i, median(took[i]))
		}
	}
	return nil
}

// measureHold lets the first server alone scrape every target each second, and counts what it has afterwards.
func measureHold(ctx context.Context, l load, servers kinds, scratch string) (*table, error) {
	t := newTable(fmt.Sprintf("%d targets of %d series every second for %s", l.targets, l.series, l.hold), servers[:1])
	f, err := newFarm(l)
	if err != nil {
		return nil, err
	}
	defer f.close()
	s, err := scraping(ctx, servers[0], time.Second, f, scratch)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.end(syscall.SIGKILL) }()
	if err := pause(ctx, 10*time.Second); err != nil { // all targets are found and scraped
		return nil, err
	}
	if err := ingest(ctx, t, load{series: l.series, measure: l.hold}, f, []*server{s}); err != nil {
		return nil, err
	}
	span := fmt.Sprintf("[%ds]", int(l.hold.Seconds()))
	for name, query := range map[string]string{
		"scrapes of the target with the fewest":    "min(count_over_time(up" + span + "))",
		"scrapes that failed":                      "sum(count_over_time(up" + span + ") - sum_over_time(up" + span + "))",
		"samples stored of the series with fewest": "min(count_over_time(x_total" + span + "))",
		"series": "count(x_total) + count(g_value) + count(h_seconds_bucket)",
		"longest time between two scrapes, seconds": "max(max_over_time((timestamp(up) - timestamp(up offset 1s))" + span[:len(span)-1] + ":1s]))",
	} {
		value, err := s.value(ctx, query)
		if err != nil {
			return nil, err
		}
		t.add(name, 0, value)
	}
	return t, nil
}

// value asks for one number.
func (s *server) value(ctx context.Context, query string) (float64, error) {
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	text, err := s.text(ctx, "/api/v1/query?query="+url.QueryEscape(query))
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Data.Result) != 1 {
		return 0, fmt.Errorf("%s: answered %.200s", query, text)
	}
	number, _ := answer.Data.Result[0].Value[1].(string)
	return strconv.ParseFloat(number, 64)
}
