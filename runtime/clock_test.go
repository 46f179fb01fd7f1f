package runtime

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
)

func parseURL(s string) (*url.URL, error) { return url.Parse(s) }

// steppable is a clock that a test sets. The scrape loops read the real one, and libfaketime does not reach Go: so this
// shows that a step is seen and what follows, not the frozen time of a loop itself.
type steppable struct{ offset atomic.Int64 }

func (c *steppable) now() time.Time        { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *steppable) step(by time.Duration) { c.offset.Add(int64(by)) }

// The clock was two hours ahead and is set right: samples of now are accepted at once, scraping begins anew, and when the
// clock has caught up all is as before.
func TestClockSetBack(t *testing.T) {
	var clock steppable
	clock.step(2 * time.Hour)
	app := exposing(t, "app 1\n")
	m := running(t, Options{Now: clock.now, RemoteWrite: true, ConfigFile: file(t, "p.yml", "scrape_configs: [{job_name: a, static_configs: [{targets: ['"+app+"']}]}]\n")})
	a := m.store.db.Appender(t.Context()) // remote write refuses the future by the real clock
	if _, err := a.Append(0, lset("ahead"), clock.now().UnixMilli(), 1); err != nil {
		t.Fatal(err)
	}
	if err := a.Commit(); err != nil {
		t.Fatal(err)
	}
	now := prompb.Sample{Value: 7, Timestamp: time.Now().UnixMilli()}
	if code, _ := write(t, m, "now", now); code == http.StatusNoContent {
		t.Fatal("the sample is accepted although the head is two hours ahead: the test shows nothing")
	}
	until(t, "the pool", func() bool { _, err := m.scrape.ScrapePoolConfig("a"); return err == nil })
	before, err := m.scrape.ScrapePoolConfig("a")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond) // the watch looks once a second, and must have seen the clock before the step
	clock.step(-2 * time.Hour)
	until(t, "the step in the metrics", func() bool {
		_, body := get(t, m, "/metrics")
		return strings.Contains(body, `monctl_clock_steps_total{direction="backward"} 1`)
	})
	until(t, "samples of now", func() bool { code, _ := write(t, m, "now", now); return code == http.StatusNoContent })
	if _, body := get(t, m, fmt.Sprintf("/api/v1/query?query=now&time=%d", time.Now().Unix()+1)); !strings.Contains(body, `"7"`) {
		t.Errorf("the sample of now: %s", body)
	}
	after, err := m.scrape.ScrapePoolConfig("a")
	if err != nil {
		t.Fatal(err)
	}
	if after == before || after.BodySizeLimit == before.BodySizeLimit {
		t.Error("the scrape pools were not restarted")
	}
	clock.step(2*time.Hour + time.Minute)
	until(t, "the end of the bridge", func() bool { return m.window.Load() == 0 })
	if _, body := get(t, m, "/metrics"); !strings.Contains(body, `monctl_clock_steps_total{direction="forward"} 1`) {
		t.Error("the step forward is not counted")
	}
}

func TestFutureIsSaidAtOnce(t *testing.T) {
	data := t.TempDir()
	m, stop := started(t, Options{Data: data, ConfigFile: file(t, "p.yml", "global: {}\n")})
	if m.future().Any() {
		t.Error("an empty folder lies in the future")
	}
	a := m.store.db.Appender(t.Context())
	if _, err := a.Append(0, lset("ahead"), time.Now().Add(9*time.Hour).UnixMilli(), 1); err != nil {
		t.Fatal(err)
	}
	if err := a.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	m, stop = started(t, Options{Data: data, Logger: textLog(&log), ConfigFile: file(t, "p.yml", "global: {}\n")})
	said := log.String()
	if !strings.Contains(said, "monctl data repair --local "+data) || !strings.Contains(said, "lies in the future") {
		t.Errorf("not said when it started: %s", said)
	}
	if _, body := get(t, m, "/api/monctl/clock"); !strings.Contains(body, `"repair":"monctl data repair --local `) || !strings.Contains(body, `"head":`) {
		t.Errorf("the clock endpoint does not tell: %s", body)
	}
	if _, body := get(t, m, "/api/v1/rules"); !strings.Contains(body, "DataFromTheFuture") {
		t.Error("no built-in alert on it")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
