package runtime

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	goruntime "runtime"
	"runtime/debug"
	"strings"

	"github.com/monctl/monctl/runtime/api"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
)

// ready answers everything from now on.
func (s *server) ready(m *Monitor) {
	h := m.handler()
	s.handler.Store(&h)
}

// closing answers that the end is near.
func (s *server) closing() {
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Prometheus-Stopping", "true")
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
	})
	s.handler.Store(&h)
}

// handler serves all paths of a monitor that has read its data.
func (m *Monitor) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+MetricsPath, m.web.metrics)
	mux.Handle("GET "+HostMetricsPath, m.web.metrics)
	mux.HandleFunc("GET /-/healthy", healthy)
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "Prometheus Server is Ready.\n") })
	mux.HandleFunc("POST /-/reload", m.serveReload)
	mux.HandleFunc("PUT /-/reload", m.serveReload)
	mux.HandleFunc("GET /api/monctl/clock", m.serveClock)
	if m.o.Doctor != nil {
		mux.HandleFunc("GET /api/monctl/doctor", m.serveDoctor)
	}
	mux.Handle("/", m.o.Page)
	api.New(m.apiOptions()).Register(mux)
	return withPrefix(m.web.external.Path, mux)
}

// withPrefix serves below the path of the external URL, as upstream does.
func withPrefix(path string, h http.Handler) http.Handler {
	path = strings.TrimRight(path, "/")
	if path == "" {
		return h
	}
	mux := http.NewServeMux()
	mux.Handle(path+"/", http.StripPrefix(path, h))
	mux.Handle("/", http.RedirectHandler(path+"/", http.StatusFound))
	return mux
}

func (m *Monitor) serveReload(w http.ResponseWriter, _ *http.Request) {
	if err := m.Reload(); err != nil {
		m.log.Error("reload", "err", err)
		http.Error(w, fmt.Sprintf("failed to reload config: %s", err), http.StatusInternalServerError)
	}
}

func (m *Monitor) walReplay(w http.ResponseWriter, _ *http.Request) {
	s := m.stats.Head.WALReplayStatus.GetWALReplayStatus()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"status":"success","data":{"min":%d,"max":%d,"current":%d}}`, s.Min, s.Max, s.Current)
}

// clockAnswer is GET /api/monctl/clock. Times are seconds since 1970, spans seconds.
type clockAnswer struct {
	ServerTime float64      `json:"serverTime"`
	NTP        *ntpAnswer   `json:"ntp"` // null while nothing is known
	Future     futureAnswer `json:"future"`
}

type ntpAnswer struct {
	Offset float64 `json:"offset"` // true time minus this host's clock
	Bound  float64 `json:"bound"`  // the offset is within ± this
	Source string  `json:"source"`
	At     float64 `json:"at"`
}

type futureAnswer struct {
	Head   float64            `json:"head,omitempty"` // newest sample, when it lies in the future
	Blocks map[string]float64 `json:"blocks"`         // ends of blocks in the future
	Repair string             `json:"repair,omitempty"`
}

func (m *Monitor) serveClock(w http.ResponseWriter, _ *http.Request) {
	shown := clockAnswer{Future: futureAnswer{Blocks: map[string]float64{}}}
	if reading := m.ntp.Load(); reading != nil {
		shown.NTP = &ntpAnswer{reading.Offset.Seconds(), reading.Bound.Seconds(), reading.Source, float64(reading.At.UnixMilli()) / 1e3}
	}
	f := m.future()
	if !f.Head.IsZero() {
		shown.Future.Head = float64(f.Head.UnixMilli()) / 1e3
	}
	for id, end := range f.Blocks {
		shown.Future.Blocks[id] = float64(end.UnixMilli()) / 1e3
	}
	if f.Any() {
		shown.Future.Repair = "monctl data repair --local " + m.o.Data
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	shown.ServerTime = float64(m.o.Now().UnixMicro()) / 1e6
	_ = json.NewEncoder(w).Encode(shown) // a client that left is nobody to tell
}

func (m *Monitor) apiOptions() api.Options {
	return api.Options{
		Storage: m.store.all, Local: m.store.db, DB: m.store.db, Engine: m.queries, Parser: m.parser,
		Targets: func() *scrape.Manager { return m.scrape }, Rules: func() *rules.Manager { return m.rules },
		Alertmanagers: func() (active, dropped []*url.URL) { return m.alerts.Alertmanagers(), m.alerts.DroppedAlertmanagers() },
		Config:        func() config.Config { return *m.config.Load().Config },
		ConfigText:    func() string { return m.config.Load().text },
		Flags:         m.o.Flags, Features: m.features.Get, RuntimeInfo: m.runtimeInfo,
		Build:     api.BuildInfo{Version: PrometheusVersion(), Revision: "monctl " + m.o.Version, GoVersion: goruntime.Version()},
		WALReplay: func() (tsdb.WALReplayStatus, error) { return m.stats.Head.WALReplayStatus.GetWALReplayStatus(), nil },
		Gatherer:  m.reg, Registerer: m.reg, External: m.web.external, Listen: m.listener.Addr().String(),
		Lookback: m.o.Lookback, Admin: m.o.AdminAPI, Write: m.o.RemoteWrite, Now: m.o.Now,
		WriteLimits: api.LabelLimits{Count: maxLabels, Name: maxLabelName, Value: maxLabelValue}, Patterns: boundedPatterns,
		Log: m.log.With("component", "api"),
	}
}

func (m *Monitor) runtimeInfo() api.RuntimeInfo {
	c := m.config.Load()
	host, _ := os.Hostname() // "" where it has no name
	cwd, err := os.Getwd()
	if err != nil {
		cwd = "<error retrieving current working directory>"
	}
	limit := debug.SetMemoryLimit(-1)
	if limit < 0 {
		limit = math.MaxInt64
	}
	return api.RuntimeInfo{
		StartTime: m.started.UTC(), CWD: cwd, Hostname: host, ServerTime: m.o.Now().UTC(),
		ReloadConfigSuccess: c.ok, LastConfigTime: c.at.UTC(), GoroutineCount: goruntime.NumGoroutine(),
		GOMAXPROCS: goruntime.GOMAXPROCS(0), GOMEMLIMIT: limit, GOGC: os.Getenv("GOGC"), GODEBUG: os.Getenv("GODEBUG"),
		StorageRetention: retentionText(c.StorageConfig.TSDBConfig.Retention),
	}
}

// retentionText is upstream's form: "15d or 1GiB".
func retentionText(r *config.TSDBRetentionConfig) string {
	var limits []string
	if r.Time > 0 {
		limits = append(limits, r.Time.String())
	}
	if r.Size > 0 {
		limits = append(limits, r.Size.String())
	}
	if r.Percentage > 0 {
		limits = append(limits, fmt.Sprintf("%g%%", r.Percentage))
	}
	return strings.Join(limits, " or ")
}
