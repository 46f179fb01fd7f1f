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

// pollAtLeast is how long an answer of NTP servers is good for: clients must not ask more often (RFC 5905, MINPOLL 2^6 s in practice).
const pollAtLeast = 64 * time.Second

// truth asks NTP servers about this machine's clock, and, when none answers, a web server whether there is a network at all.
// What the look before learned is good for a while, unless this machine's clock was stepped since.
func (l *look) truth(ctx context.Context, names []string) (clock.Truth, time.Time) {
	now := time.Now()
	if l.Truth != nil {
		return *l.Truth, now
	}
	if l.Before != nil {
		age, shown := now.Sub(l.Before.asked), now.Round(0).Sub(l.Before.asked.Round(0))
		if age < pollAtLeast && (age-shown).Abs() < 10*time.Millisecond {
			t := l.Before.Truth
			t.Offset = t.Offset.Aged(age)
			return t, l.Before.asked
		}
	}
	return l.askTruth(ctx, names), now
}

// askNTP asks NTP servers, but for those that gave the look before a kiss of death; their refusal stays on record.
func (l *look) askNTP(ctx context.Context, names []string) []clock.Server {
	var kissed []clock.Server
	if l.Before != nil {
		kissed = slices.DeleteFunc(slices.Clone(l.Before.Truth.Servers), func(s clock.Server) bool { return !s.Kissed || !slices.Contains(names, s.Name) })
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(kissed, func(s clock.Server) bool { return s.Name == name })
	})
	return append(clock.AskNTP(ctx, l.watch, names), kissed...)
}

func (l *look) askTruth(ctx context.Context, names []string) clock.Truth {
	t := clock.Agree(l.askNTP(ctx, names))
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
		if t.HTTPS = r; r.Known {
			break
		}
	}
	return t
}

// secondTruth asks the servers that the hosts' own time daemons use, when the others gave no answer.
func (l *look) secondTruth(ctx context.Context, f *Fleet) {
	again := l.Before != nil && l.Before.asked.Equal(f.asked)
	if !needs(l.Checks, Clocks) || f.Truth.Known || l.Truth != nil || l.Settings.NTP != nil || again {
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
	second := clock.Agree(l.askNTP(ctx, names))
	second.Servers = append(f.Truth.Servers, second.Servers...)
	second.HTTPS = f.Truth.HTTPS
	second.Source += " that the hosts' own time daemons ask"
	if second.Known {
		f.Truth = second
	}
}

// clock reads the clock of a component from its own answer: Prometheus' time() to the millisecond, the Date header of
// others to the second. found is the component as it was found, into what is learned goes: others learn more of it meanwhile.
func (q *Questions) clock(ctx context.Context, found Component, into *Component) {
	path := map[string]string{
		"prometheus": timeQuery, "grafana": "/api/health", "alertmanager": "/-/ready", "loki": "/ready",
	}[found.Kind]
	if path == "" || found.Base == "" {
		return
	}
	_ = q.Get(ctx, found, path) // opens the connection, so that the second answer is fast
	r := q.get(ctx, q.clientFor(found), found.Base+path)
	reading := clock.Reading{Err: r.Err}
	if at, err := http.ParseTime(r.Date); r.Err == "" && err == nil {
		reading = clock.ByHTTP(at, r.Sent, r.Received, time.Second, "HTTP Date")
	}
	if at, ok := promTime(r.Body); ok && found.Kind == "prometheus" {
		reading = clock.ByHTTP(at, r.Sent, r.Received, time.Millisecond, "time()")
	}
	if !reading.Known && reading.Err == "" {
		reading.Err = "its answer has no time"
	}
	q.keep(func() { into.Clock = reading })
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

// metrics reads a component's own metrics page; found and into as in clock.
func (q *Questions) metrics(ctx context.Context, found Component, into *Component) {
	if r := q.Get(ctx, found, "/metrics"); r.Status == http.StatusOK && r.Err == "" {
		m := ParseMetrics(r.Body)
		q.keep(func() {
			into.Metrics = m
			r.Body = "" // it is there once
			into.Replies["/metrics"] = r
		})
	}
}
