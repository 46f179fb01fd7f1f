package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// server is a Prometheus with what its own API says, on its host, in its fleet.
type server struct {
	Component
	Host  Host
	Fleet Fleet
}

// The questions to a Prometheus that several checks share.
const (
	askTSDB    = "/api/v1/status/tsdb"
	askFlags   = "/api/v1/status/flags"
	askConfig  = "/api/v1/status/config"
	askRuntime = "/api/v1/status/runtimeinfo"
	askTargets = "/api/v1/targets?state=active"
)

var (
	// askAge gives the age of the last stored sample of every target, however healthy it is called.
	askAge = "/api/v1/query?query=" + url.QueryEscape("time()-timestamp(up)")
	// askEarlier gives the counters of a Prometheus that scrapes itself as they were ten minutes ago.
	askEarlier = "/api/v1/query?query=" + url.QueryEscape(`{__name__=~"prometheus_(target_scrapes?_|tsdb_|remote_storage_|sd_).+_total"} offset 10m`)
)

// asks makes an Ask that puts some questions to every Prometheus of a host.
func asks(paths ...string) func(context.Context, *Questions) {
	return func(ctx context.Context, q *Questions) {
		for _, c := range q.Host().Of("prometheus") {
			for _, path := range paths {
				if c.Base != "" {
					q.Get(ctx, c, path)
				}
			}
		}
	}
}

// servers gives the Prometheus of all hosts that run, or should.
func servers(f Fleet) []server {
	var list []server
	for _, h := range f.Hosts {
		for _, c := range h.Of("prometheus") {
			if c.Running || expected(h, c) {
				list = append(list, server{c, h, f})
			}
		}
	}
	return list
}

// expected says that a component which does not run should: somebody enabled it, or it fell over.
func expected(h Host, c Component) bool {
	u, _ := h.Unit(c.Unit)
	return slices.Contains([]string{"failed", "activating", "reloading"}, u.Get("ActiveState")) ||
		strings.HasPrefix(u.Get("UnitFileState"), "enabled") || slices.Contains(h.Wants, c.Kind)
}

// perServer judges each Prometheus by itself. An error is what could not be found out: an unknown.
func perServer(id string, judge func(server) ([]Finding, error)) func(Fleet) []Finding {
	return func(f Fleet) []Finding {
		var all []Finding
		for _, s := range servers(f) {
			found, err := judge(s)
			if err != nil {
				found = append(found, Finding{Level: Unknown, Title: "cannot tell: " + err.Error()})
			}
			for _, one := range found {
				if one.Host == "" {
					one.Host, one.Component = s.Host.Name, s.Name
				}
				one.Check = id
				all = append(all, one)
			}
		}
		return all
	}
}

// perDatabase is perServer without agents, which keep no TSDB.
func perDatabase(id string, judge func(server) ([]Finding, error)) func(Fleet) []Finding {
	return perServer(id, func(s server) ([]Finding, error) {
		if _, agent := s.Flags["storage.agent.path"]; agent || strings.Contains(s.Flags["enable-feature"], "agent") {
			return nil, nil
		}
		return judge(s)
	})
}

// answer reads the data of a reply of the API, {"status":"success","data":…}.
func answer[T any](s server, path string) (data T, err error) {
	r, asked := s.Replies[path]
	switch {
	case !s.Running:
		return data, errors.New("prometheus does not run")
	case s.Base == "":
		return data, errors.New("prometheus listens nowhere yet")
	case !asked:
		return data, fmt.Errorf("%s was not asked", where(path))
	}
	err = decodeReply(r, path, &data)
	return data, err
}

// decodeReply reads the data of a reply into a pointer.
func decodeReply(r Reply, path string, data any) error {
	envelope := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if r.Err != "" {
		return fmt.Errorf("%s: %s", where(path), r.Err)
	}
	if err := json.Unmarshal([]byte(r.Body), &envelope); err != nil {
		return fmt.Errorf("%s: answered status %d with %s, not what was expected", where(path), r.Status, kindOf(r.Type))
	}
	if envelope.Status != "success" {
		return fmt.Errorf("%s: answered status %d: %s", where(path), r.Status, envelope.Error)
	}
	return nil
}

func where(path string) string {
	short, _, _ := strings.Cut(path, "?")
	return short
}

func kindOf(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	if kind == "" {
		return "no content type"
	}
	return kind
}

// clock gives the time of a reply by Prometheus' own clock, to the second, and by true time, zero when nobody knows it.
func (s server) clock(path string) (its, truth time.Time, err error) {
	r := s.Replies[path]
	its, err = time.Parse(time.RFC1123, r.Date)
	if err != nil {
		return its, truth, fmt.Errorf("%s: the answer has no date", where(path))
	}
	if s.Fleet.Truth.Known && !r.Received.IsZero() {
		truth = r.Received.Add(s.Fleet.Truth.Offset.Value()).UTC()
	}
	return its.UTC(), truth, nil
}

// head is /api/v1/status/tsdb.
type head struct {
	Stats struct {
		Series  int64 `json:"numSeries"`
		MinTime int64 `json:"minTime"` // ms since 1970
		MaxTime int64 `json:"maxTime"`
	} `json:"headStats"`
	Names []struct {
		Name  string
		Value int64
	} `json:"seriesCountByMetricName"`
}

// empty says that the head has no sample: its bounds are then the ends of int64.
func (h head) empty() bool { return h.Stats.MinTime > h.Stats.MaxTime || h.Stats.MaxTime <= 0 }

func millis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// stamp writes a time as a person compares it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// span writes a duration with at most two units: "8h49m", "3d4h".
func span(d time.Duration) string {
	d = d.Abs().Round(time.Second)
	if d >= 48*time.Hour {
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
	if d >= time.Hour {
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return strings.TrimSuffix(d.String(), "m0s") + map[bool]string{true: "m"}[d >= time.Minute && d%time.Minute == 0]
}
