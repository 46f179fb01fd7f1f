package clock_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/doctor/clock/clocktest"
)

func TestNTP(t *testing.T) {
	good, ahead := clocktest.Says{}, clocktest.Says{Ahead: 42 * time.Second}
	for name, c := range map[string]struct {
		servers []clocktest.Says
		known   bool
		truth   time.Duration
		lying   []int
		errs    map[int]string
		source  string
	}{
		"four agree":             {servers: []clocktest.Says{good, good, good, good}, known: true, source: "4 of 4"},
		"a falseticker":          {servers: []clocktest.Says{good, good, ahead, good}, known: true, lying: []int{2}, source: "3 of 4"},
		"we are wrong":           {servers: []clocktest.Says{ahead, ahead, ahead}, known: true, truth: 42 * time.Second, source: "3 of 3"},
		"kiss of death":          {servers: []clocktest.Says{good, {Kiss: "RATE"}, good}, known: true, errs: map[int]string{1: `kiss of death "RATE"`}, source: "2 of 3"},
		"silent":                 {servers: []clocktest.Says{{Silent: true}, good}, known: true, errs: map[int]string{0: "no answer"}, source: "1 of 2"},
		"not synchronised":       {servers: []clocktest.Says{good, {Leap: 3}}, known: true, errs: map[int]string{1: "leap"}, source: "1 of 2"},
		"too far from a primary": {servers: []clocktest.Says{good, {Dispersion: 20 * time.Second}}, known: true, errs: map[int]string{1: "dispersion"}, source: "1 of 2"},
		"two contradict":         {servers: []clocktest.Says{good, ahead}, source: "2 NTP servers contradict each other"},
		"all are silent":         {servers: []clocktest.Says{{Silent: true}}, errs: map[int]string{0: "no answer"}, source: "none of 1"},
		"nobody was asked":       {source: "no NTP server was asked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var names []string
			for _, r := range c.servers {
				names = append(names, clocktest.Start(t, r).Address())
			}
			got := clock.Agree(clock.AskNTP(t.Context(), clock.NewWatch(), names))
			if got.Known != c.known || !strings.Contains(got.Source, c.source) {
				t.Fatalf("got %+v, want source %q", got, c.source)
			}
			if c.known && (got.Offset.Low > c.truth || got.Offset.High < c.truth || got.Offset.Bound() > time.Second) {
				t.Errorf("got %v ± %v, want %v", got.Offset.Value(), got.Offset.Bound(), c.truth)
			}
			wantFalse := map[int]bool{}
			for _, i := range c.lying {
				wantFalse[i] = true
			}
			for i, s := range got.Servers {
				if s.Falseticker != wantFalse[i] || !strings.Contains(s.Err, c.errs[i]) || s.Err != "" && c.errs[i] == "" {
					t.Errorf("server %d: %+v, want falseticker %v and error %q", i, s, wantFalse[i], c.errs[i])
				}
			}
		})
	}
}

func TestByDate(t *testing.T) {
	ahead := time.Hour
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	}))
	defer server.Close()
	r := clock.ByDate(context.Background(), clock.NewWatch(), server.Client(), server.URL)
	if !r.Known || r.Offset.Low > ahead || r.Offset.High < ahead || r.Offset.Bound() > 2*time.Second {
		t.Errorf("got %+v", r)
	}
	server.Close()
	if r := clock.ByDate(context.Background(), clock.NewWatch(), server.Client(), server.URL); r.Known || r.Err == "" {
		t.Errorf("from a server that is gone: %+v", r)
	}
}
