package doctor

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// servers are the NTP servers to ask.
func (s Settings) servers() []string {
	if s.NTP == nil {
		return DefaultNTP
	}
	return s.NTP
}

// truth asks NTP servers about this machine's clock, and, when none answers, a web server whether there is a network at all.
func (l *look) truth(ctx context.Context, names []string) clock.Truth {
	t := clock.Agree(clock.AskNTP(ctx, l.watch, names))
	if t.Known {
		return t
	}
	client := l.Client
	if client == nil {
		client = http.DefaultClient
	}
	readings := make([]clock.Reading, len(l.HTTPS))
	var wg sync.WaitGroup
	for i, page := range l.HTTPS {
		wg.Go(func() { readings[i] = clock.ByDate(ctx, l.watch, client, page) })
	}
	wg.Wait()
	for _, r := range readings {
		if t.HTTPS.Known = r.Known; r.Known {
			t.HTTPS = r
			break
		}
	}
	return t
}

// secondTruth asks the servers that the hosts' own time daemons use, when the others gave no answer.
func (l *look) secondTruth(ctx context.Context, f *Fleet) {
	if !needs(l.Checks, Clocks) || f.Truth.Known || l.Settings.NTP != nil {
		return
	}
	const most = 5
	var names []string
	for _, h := range f.Hosts {
		for _, name := range h.Probes[daemonProbe].All("server") {
			if !slices.Contains(names, name) && !slices.Contains(DefaultNTP, name) && len(names) < most {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return
	}
	second := clock.Agree(clock.AskNTP(ctx, l.watch, names))
	second.Servers = append(f.Truth.Servers, second.Servers...)
	second.HTTPS = f.Truth.HTTPS
	if second.Known {
		f.Truth = second
	}
}

// clock reads the clock of a component from its own answer: Prometheus' time() to the millisecond, the Date header of
// others to the second.
func (q *Questions) clock(ctx context.Context, c *Component) {
	path := map[string]string{
		"prometheus": timeQuery, "grafana": "/api/health", "alertmanager": "/-/ready", "loki": "/ready",
	}[c.Kind]
	if path == "" || c.Base == "" {
		return
	}
	_ = q.Get(ctx, *c, path) // opens the connection, so that the second answer is fast
	r := q.get(ctx, c.Base+path)
	reading := clock.Reading{Err: r.Err}
	if at, err := http.ParseTime(r.Date); r.Err == "" && err == nil {
		reading = clock.ByHTTP(at, r.Sent, r.Received, time.Second, "HTTP Date")
	}
	if at, ok := promTime(r.Body); ok && c.Kind == "prometheus" {
		reading = clock.ByHTTP(at, r.Sent, r.Received, time.Millisecond, "time()")
	}
	if !reading.Known && reading.Err == "" {
		reading.Err = "its answer has no time"
	}
	q.keep(func() { c.Clock = reading })
}

const timeQuery = "/api/v1/query?query=time()"

// promTime reads the answer to time(): seconds with three decimals.
func promTime(body string) (time.Time, bool) {
	var answer struct {
		Data struct {
			ResultType string
			Result     []any
		}
	}
	if json.Unmarshal([]byte(body), &answer) != nil || answer.Data.ResultType != "scalar" || len(answer.Data.Result) != 2 {
		return time.Time{}, false
	}
	text, _ := answer.Data.Result[1].(string)
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || seconds < 0 || seconds > 1e11 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(seconds * 1000)), true
}

// metrics reads a component's own metrics page.
func (q *Questions) metrics(ctx context.Context, c *Component) {
	if r := q.Get(ctx, *c, "/metrics"); r.Status == http.StatusOK && r.Err == "" {
		m := ParseMetrics(r.Body)
		q.keep(func() {
			c.Metrics = m
			r.Body = "" // it is there once
			c.Replies["/metrics"] = r
		})
	}
}
