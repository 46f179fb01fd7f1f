// Package api is Prometheus' HTTP API v1 and federation, written on upstream's engine, storage and managers. Upstream's own
// package (web/api/v1) would do, but links 8 MiB of OpenAPI and 3 MiB of OTLP, renders two OpenAPI documents at each start
// (150 ms), and its constructor of 44 arguments changes with every release: docs/decisions.md has the figures. Answers
// are compared with those of a real Prometheus in a test. It sends no CORS headers: a page of another origin has no
// business here.
//
// The forms are upstream's: https://prometheus.io/docs/prometheus/3.13/querying/api/
package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// DB is the part of the TSDB that the API shows and administers.
type DB interface {
	storage.ExemplarQueryable
	Head() *tsdb.Head
	BlockMetas() []tsdb.BlockMeta
	Dir() string
	Delete(ctx context.Context, mint, maxt int64, ms ...*labels.Matcher) error
	CleanTombstones() error
	Snapshot(dir string, withHead bool) error
}

// Options are what the API is made of. All are needed.
type Options struct {
	Storage storage.Storage // local and remote
	Local   storage.Queryable
	DB      DB
	Engine  promql.QueryEngine
	Parser  parser.Parser

	Targets       func() *scrape.Manager
	Rules         func() *rules.Manager
	Alertmanagers func() (active, dropped []*url.URL)

	Config      func() config.Config // in force, for external labels
	ConfigText  func() string
	Flags       map[string]string
	Build       BuildInfo
	RuntimeInfo func() RuntimeInfo
	Features    func() map[string]map[string]bool
	WALReplay   func() (tsdb.WALReplayStatus, error)

	Gatherer   prometheus.Gatherer
	Registerer prometheus.Registerer

	External *url.URL // under which others reach this server
	Listen   string   // host:port
	Lookback time.Duration
	Admin    bool // allow deletion, snapshots and cleaning
	Write    bool // accept remote write
	// WriteLimits are for what remote write brings.
	WriteLimits LabelLimits
	// Patterns says what is wrong with regular expressions that come without the text of a query; nil when nothing is.
	Patterns func(patterns []string) error
	Now      func() time.Time
	Log      *slog.Logger
}

// API serves requests. It holds no state of its own.
type API struct {
	Options
	federationErrors, federationWarnings prometheus.Counter
}

// New makes the API.
func New(o Options) *API {
	a := &API{Options: o}
	a.federationErrors = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "prometheus_web_federation_errors_total", Help: "Total number of errors that occurred while sending federation responses.",
	})
	a.federationWarnings = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "prometheus_web_federation_warnings_total", Help: "Total number of warnings that occurred while sending federation responses.",
	})
	a.Registerer.MustRegister(a.federationErrors, a.federationWarnings)
	return a
}

// endpoint is one path of the API.
type endpoint struct {
	methods string // separated by blanks
	path    string // below /api/v1
	serve   func(*http.Request) (*answer, error)
}

func (a *API) endpoints() []endpoint {
	const get, both, change = "GET", "GET POST", "POST PUT"
	return []endpoint{
		{both, "/query", a.query},
		{both, "/query_range", a.queryRange},
		{both, "/query_exemplars", a.queryExemplars},
		{both, "/format_query", a.formatQuery},
		{both, "/parse_query", a.parseQuery},
		{both, "/labels", a.labelNames},
		{get, "/label/{name}/values", a.labelValues},
		{both, "/series", a.series},
		{get, "/scrape_pools", a.scrapePools},
		{get, "/targets", a.targets},
		{get, "/targets/metadata", a.targetMetadata},
		{get, "/targets/relabel_steps", a.relabelSteps},
		{get, "/metadata", a.metadata},
		{get, "/alertmanagers", a.alertmanagers},
		{get, "/alerts", a.alerts},
		{get, "/rules", a.rules},
		{get, "/status/config", a.statusConfig},
		{get, "/status/runtimeinfo", a.statusRuntime},
		{get, "/status/buildinfo", a.statusBuild},
		{get, "/status/flags", a.statusFlags},
		{get, "/status/tsdb", a.statusTSDB},
		{get, "/status/tsdb/blocks", a.statusBlocks},
		{get, "/status/walreplay", a.statusWALReplay},
		{get, "/status/self_metrics", a.selfMetrics},
		{get, "/features", a.features},
		{get, "/notifications", a.notifications},
		{change, "/admin/tsdb/delete_series", a.deleteSeries},
		{change, "/admin/tsdb/clean_tombstones", a.cleanTombstones},
		{change, "/admin/tsdb/snapshot", a.snapshot},
	}
}
