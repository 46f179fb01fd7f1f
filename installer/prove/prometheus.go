package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
)

// Prometheus is one server, asked over its HTTP API.
type Prometheus struct {
	Asker *Asker
	Base  string // "http://127.0.0.1:9090"
}

// Target is one active target as Prometheus reports it.
type Target struct {
	Job, Instance string
	Address       string // __address__ before relabelling
	Health        string // "up", "down" or "unknown" (not scraped yet)
	LastError     string
	LastScrape    time.Time
	Interval      time.Duration // between scrapes; 0 when Prometheus does not say (before 2.29)
}

// get decodes the data of an API answer into out.
func (p Prometheus) get(ctx context.Context, path string, out any) error {
	body, err := p.Asker.Get(ctx, p.Base+path, nil)
	if err != nil {
		return err
	}
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("%s%s: not the answer of a Prometheus: %w", p.Base, path, err)
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s%s: %s", p.Base, path, answer.Error)
	}
	return json.Unmarshal(answer.Data, out)
}

// Value is one element of an instant vector.
type Value struct {
	Labels map[string]string
	Value  float64
}

// Query asks an instant query; at is the moment, zero for the server's now.
func (p Prometheus) Query(ctx context.Context, expr string, at time.Time) ([]Value, error) {
	var data struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	question := url.Values{"query": {expr}}
	if !at.IsZero() {
		question.Set("time", strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64))
	}
	if err := p.get(ctx, "/api/v1/query?"+question.Encode(), &data); err != nil {
		return nil, err
	}
	list := make([]Value, 0, len(data.Result))
	for _, r := range data.Result {
		text, _ := r.Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("query %s: value %q: %w", expr, text, err)
		}
		list = append(list, Value{r.Metric, v})
	}
	return list, nil
}

// Now is the server's clock.
func (p Prometheus) Now(ctx context.Context) (time.Time, error) {
	values, err := p.Query(ctx, "vector(time())", time.Time{})
	if err != nil || len(values) != 1 {
		return time.Time{}, errors.Join(err, errors.New("the server does not say its time"))
	}
	return time.UnixMilli(int64(values[0].Value * 1000)), nil
}

// Samples counts the samples of every target's up in a window before a moment.
func (p Prometheus) Samples(ctx context.Context, at time.Time, window model.Duration) (map[Series]float64, error) {
	values, err := p.Query(ctx, "count_over_time(up["+window.String()+"])", at)
	if err != nil {
		return nil, err
	}
	samples := make(map[Series]float64, len(values))
	for _, v := range values {
		samples[Series{v.Labels["job"], v.Labels["instance"]}] = v.Value
	}
	return samples, nil
}

// Targets lists the active targets.
func (p Prometheus) Targets(ctx context.Context) ([]Target, error) {
	var data struct {
		ActiveTargets []struct {
			Labels, DiscoveredLabels map[string]string
			Health, LastError        string
			LastScrape               time.Time
			ScrapeInterval           string
		}
	}
	if err := p.get(ctx, "/api/v1/targets?state=active", &data); err != nil {
		return nil, err
	}
	targets := make([]Target, 0, len(data.ActiveTargets))
	for _, t := range data.ActiveTargets {
		// Prometheus writes whole days as "1d", which is no Go duration; such a target has no Interval here.
		interval, _ := time.ParseDuration(t.ScrapeInterval)
		targets = append(targets, Target{
			Job: t.Labels["job"], Instance: t.Labels["instance"], Address: t.DiscoveredLabels["__address__"],
			Health: t.Health, LastError: t.LastError, LastScrape: t.LastScrape, Interval: interval,
		})
	}
	return targets, nil
}

// Up asks the stored samples: the last value of up per job and instance within a window. A new configuration makes
// Prometheus forget the health of its targets until their next scrape, and it ends the series of up; what was stored a
// moment before still says whether they were scraped.
func (p Prometheus) Up(ctx context.Context, window time.Duration) (map[Series]float64, error) {
	values, err := p.Query(ctx, fmt.Sprintf("last_over_time(up[%ds])", int(window.Seconds())), time.Time{})
	if err != nil {
		return nil, err
	}
	up := make(map[Series]float64, len(values))
	for _, v := range values {
		up[Series{v.Labels["job"], v.Labels["instance"]}] = v.Value
	}
	return up, nil
}

// Window is long enough to hold a scrape of every target: two scrape intervals, and a minute at least.
func Window(targets []Target) time.Duration {
	window := time.Minute
	for _, t := range targets {
		window = max(window, 2*t.Interval)
	}
	return window
}

// Series names one target by the labels that monctl gives it.
type Series struct{ Job, Instance string }

// Alertmanagers lists the addresses that alerts are sent to.
func (p Prometheus) Alertmanagers(ctx context.Context) ([]string, error) {
	var data struct {
		ActiveAlertmanagers []struct{ URL string }
	}
	if err := p.get(ctx, "/api/v1/alertmanagers", &data); err != nil {
		return nil, err
	}
	var hosts []string
	for _, a := range data.ActiveAlertmanagers {
		u, err := url.Parse(a.URL)
		if err != nil {
			return nil, fmt.Errorf("alertmanager %q: %w", a.URL, err)
		}
		hosts = append(hosts, u.Host)
	}
	return hosts, nil
}

// SendsTo waits until alerts are sent to all the addresses. The error says what was wrong last before ctx ended.
func (p Prometheus) SendsTo(ctx context.Context, addresses []string) error {
	var why error
	for {
		known, err := p.Alertmanagers(ctx)
		missing := slices.IndexFunc(addresses, func(a string) bool { return !slices.Contains(known, a) })
		switch {
		case err == nil && missing < 0:
			return nil
		case err == nil:
			why = fmt.Errorf("Prometheus does not send alerts to %s", addresses[missing])
		case ctx.Err() == nil || why == nil:
			why = err
		}
		if pause(ctx, 100*time.Millisecond) != nil {
			return why
		}
	}
}
