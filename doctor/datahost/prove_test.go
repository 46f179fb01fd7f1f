package datahost

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/installer/prove"
)

// standIn answers the questions of a proof as a Prometheus would; it scrapes nothing. The lab has real ones.
type standIn struct {
	jobs    []string
	age     time.Duration // of the newest sample
	refuses bool          // one more sample at each look
	history float64
	asked   atomic.Int64
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var items []string
	switch {
	case r.URL.Path == "/metrics":
		fmt.Fprintf(w, "prometheus_tsdb_out_of_bound_samples_total{type=\"float\"} %d\n", 7+s.asked.Add(1)*map[bool]int64{true: 1}[s.refuses])
		return
	case r.URL.Path == "/-/ready":
		return
	case r.URL.Path == "/api/v1/targets":
		for _, j := range s.jobs {
			items = append(items, fmt.Sprintf(`{"labels":{"job":%q,"instance":"x"},"discoveredLabels":{},"health":"up","scrapeInterval":"50ms"}`, j))
		}
		fmt.Fprintf(w, `{"status":"success","data":{"activeTargets":[%s]}}`, strings.Join(items, ","))
		return
	case strings.HasPrefix(r.URL.Query().Get("query"), "count_over_time"):
		items = []string{fmt.Sprintf(`{"metric":{"job":"a","instance":"x"},"value":[1,"%g"]}`, s.history)}
	default:
		for _, j := range s.jobs {
			items = append(items, fmt.Sprintf(`{"metric":{"job":%q},"value":[1,"%d"]}`, j, time.Now().Add(-s.age).Unix()))
		}
	}
	fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[%s]}}`, strings.Join(items, ","))
}

// direct is a connection of a host that is this machine.
type direct struct {
	fleet.Conn
	net.Dialer
}

func (d direct) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return d.DialContext(ctx, network, address)
}

func TestProve(t *testing.T) {
	before := &History{At: time.Now(), Samples: map[prove.Series]float64{{Job: "a", Instance: "x"}: 100}, Jobs: []string{"a", "b"}}
	both := []string{"a", "b"}
	for name, c := range map[string]struct {
		server *standIn
		extent Extent
		proved []string
		fails  string
	}{
		"all is well":      {&standIn{jobs: both, history: 100}, Complete, []string{"ready", "fresh samples for every job", "no samples out of bounds", "history as before"}, ""},
		"only ready":       {&standIn{}, Running, []string{"ready"}, ""},
		"stale":            {&standIn{jobs: both, age: time.Hour}, Ingesting, []string{"ready"}, "no fresh sample of a, b"},
		"a job is missing": {&standIn{jobs: both[:1]}, Ingesting, []string{"ready"}, "no fresh sample of b"},
		"no targets yet":   {&standIn{}, Ingesting, []string{"ready"}, "no fresh sample of a, b"},
		"refuses":          {&standIn{jobs: both, refuses: true}, Ingesting, []string{"ready", "fresh samples for every job"}, "prometheus_tsdb_out_of_bound_samples_total rose by 1"},
		"history is gone":  {&standIn{jobs: both, history: 99}, Complete, []string{"ready", "fresh samples for every job", "no samples out of bounds"}, "a x had 100 samples"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewServer(c.server)
			defer web.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			i := Ingestion{Conn: direct{}, Base: web.URL, Unit: "x.service", Extent: c.extent, Before: before, Since: time.Now().Add(-10 * time.Second)}
			var proved []string
			failed := ""
			for _, p := range i.Prove(ctx) {
				if p.Err != nil {
					failed = p.Said
					continue
				}
				proved = append(proved, p.What)
			}
			if diff := cmp.Diff(c.proved, proved); diff != "" {
				t.Error(diff)
			}
			if (failed == "") != (c.fails == "") || !strings.Contains(failed, c.fails) {
				t.Errorf("failed with %q, want %q", failed, c.fails)
			}
		})
	}
}
