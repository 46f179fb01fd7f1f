package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// here dials from this machine, as a host's connection does from the host.
type here struct{}

func (here) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

func asker(t *testing.T) *Asker {
	a := NewAsker(here{})
	t.Cleanup(a.Close)
	return a
}

// standInPrometheus answers the three questions of a proof in the shapes of Prometheus' HTTP API. It scrapes nothing: a
// test says what its targets are at each look.
type standInPrometheus struct {
	mu    sync.Mutex
	looks int
	at    func(look int) (targets []Target, up map[Series]float64)
}

func (p *standInPrometheus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	targets, up := p.at(p.looks)
	data := map[string]any{}
	switch r.URL.Path {
	case "/api/v1/targets":
		p.looks++
		list := []any{}
		for _, t := range targets {
			list = append(list, map[string]any{
				"labels":           map[string]string{"job": t.Job, "instance": t.Instance},
				"discoveredLabels": map[string]string{"__address__": t.Address},
				"health":           t.Health, "lastError": t.LastError, "lastScrape": t.LastScrape, "scrapeInterval": "15s",
			})
		}
		data["activeTargets"] = list
	case "/api/v1/query":
		result := []any{}
		for s, v := range up {
			result = append(result, map[string]any{
				"metric": map[string]string{"job": s.Job, "instance": s.Instance}, "value": []any{1.5, fmt.Sprint(v)},
			})
		}
		data["result"] = result
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": data})
}

var (
	node = Series{"node_exporter", "vm1"}
	t0   = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

func target(health, why string, scraped time.Time) Target {
	return Target{Job: node.Job, Instance: node.Instance, Address: "10.0.0.1:9100", Health: health, LastError: why, LastScrape: scraped}
}

func TestAllUp(t *testing.T) {
	stored := map[Series]float64{node: 1}
	tests := []struct {
		name  string
		fresh bool
		at    func(look int) ([]Target, map[Series]float64)
		want  string // part of what is wrong; "" for up
		ends  bool   // before the time is over
	}{
		{"up", false, func(int) ([]Target, map[Series]float64) { return []Target{target("up", "", t0)}, stored }, "", true},
		{"up, but about the process before", true, func(int) ([]Target, map[Series]float64) {
			return []Target{target("up", "", t0)}, stored
		}, "not scraped since it was changed", false},
		{"scraped again after the change", true, func(look int) ([]Target, map[Series]float64) {
			return []Target{target("up", "", t0.Add(time.Duration(look)*time.Second))}, stored
		}, "", true},
		{"comes up later", true, func(look int) ([]Target, map[Series]float64) {
			if look < 3 {
				return []Target{target("unknown", "", time.Time{})}, nil
			}
			return []Target{target("up", "", t0)}, stored
		}, "", true},
		{"refused again and again", true, func(look int) ([]Target, map[Series]float64) {
			return []Target{target("down", "connection refused", t0.Add(time.Duration(look)*time.Second))}, nil
		}, "connection refused", true},
		{"refused once, then waiting", true, func(int) ([]Target, map[Series]float64) {
			return []Target{target("down", "connection refused", t0)}, nil
		}, "connection refused", false},
		{"not a target", false, func(int) ([]Target, map[Series]float64) { return nil, stored }, "does not know", false},
		{"another address", false, func(int) ([]Target, map[Series]float64) {
			other := target("up", "", t0)
			other.Address = "10.0.0.9:9100"
			return []Target{other}, stored
		}, "instead of 10.0.0.1:9100", false},
		{"scraped, nothing stored", false, func(int) ([]Target, map[Series]float64) { return []Target{target("up", "", t0)}, nil }, "no sample", false},
		{"forgotten by a reload, stored before", false, func(int) ([]Target, map[Series]float64) {
			return []Target{target("unknown", "", time.Time{})}, stored
		}, "", true},
		{"up is 0", false, func(int) ([]Target, map[Series]float64) {
			return []Target{target("up", "", t0)}, map[Series]float64{node: 0}
		}, "up is 0", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(&standInPrometheus{at: tt.at})
			defer server.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			defer cancel()
			p := Prometheus{Asker: asker(t), Base: server.URL}
			down, err := p.AllUp(ctx, []Expected{{Series: node, Address: "10.0.0.1:9100", Fresh: tt.fresh}})
			if err != nil {
				t.Fatal(err)
			}
			if ended := ctx.Err() == nil; ended != tt.ends {
				t.Errorf("ended before its time: %v", ended)
			}
			switch why := down[node]; {
			case tt.want == "" && why != nil:
				t.Errorf("not up: %v", why)
			case tt.want != "" && (why == nil || !strings.Contains(why.Error(), tt.want)):
				t.Errorf("got %v, want %q", why, tt.want)
			}
		})
	}
}

func TestAllUpOfSomethingElse(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>cockpit</html>") }))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := Prometheus{Asker: asker(t), Base: server.URL}.AllUp(ctx, []Expected{{Series: node}})
	if err == nil || !strings.Contains(err.Error(), "not the answer of a Prometheus") {
		t.Errorf("error is %v", err)
	}
}

func TestReady(t *testing.T) {
	var mu sync.Mutex
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if asked++; asked < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	if err := asker(t).Ready(t.Context(), server.URL, func(context.Context) error { return nil }); err != nil {
		t.Errorf("not ready: %v", err)
	}
}

func TestReadyStopsWhenTheUnitIsGone(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	gone := errors.New("exit status 1")
	if err := asker(t).Ready(t.Context(), server.URL, func(context.Context) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("error is %v", err)
	}
}

func TestGrafana(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"database":"ok","version":"13.2.3"}`) })
	mux.HandleFunc("/api/datasources/uid/{uid}/health", func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "admin" || password != "right" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.PathValue("uid") == "dead" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"status":"ERROR","message":"connection refused"}`)
			return
		}
		fmt.Fprint(w, `{"status":"OK","message":"Successfully queried the Prometheus API."}`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	g := Grafana{Asker: asker(t), Base: server.URL, User: "admin", Password: "right"}
	if err := g.Database(t.Context()); err != nil {
		t.Error(err)
	}
	if err := g.Datasource(t.Context(), "good"); err != nil {
		t.Error(err)
	}
	if err := g.Datasource(t.Context(), "dead"); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("error is %v", err)
	}
	g.Password = "wrong"
	if err := g.Datasource(t.Context(), "good"); !errors.Is(err, ErrPasswordChanged) {
		t.Errorf("error is %v", err)
	}
}

// TestJudgeOfANewTarget: any scrape is about it, but there must have been one; what is stored may be of a former life.
func TestJudgeOfANewTarget(t *testing.T) {
	e := Expected{Series: node, Address: "10.0.0.1:9100", New: true}
	for health, want := range map[string]error{"up": nil, "unknown": errUnscraped} {
		if got := judge(e, target(health, "", t0), true, map[Series]time.Time{node: t0}); !errors.Is(got, want) {
			t.Errorf("%s: got %v, want %v", health, got, want)
		}
	}
	if got := judge(e, target("down", "refused", t0), true, nil); got == nil {
		t.Error("a target that is down is up")
	}
}
