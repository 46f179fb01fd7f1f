// Package runtime is the bundled monitor: Prometheus' own packages (scrape, tsdb, promql, rules, notifier, remote) in one
// process, with node_exporter's collectors beside them and its HTTP API in front. It is one place for all of them, because
// upstream promises no stability for its packages. It knows nothing of hosts, inventories or how it was installed.
//
// The modules are pinned to Prometheus 3.13 LTS (v0.313.5).
package runtime

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
)

// Options are what a person decides about a monitor. The zero value of a field means its default.
type Options struct {
	ConfigFile string   // a Prometheus configuration; "" scrapes this host and the monitor itself
	Scrape     []Target // more targets of the built-in configuration
	Data       string   // folder of the TSDB; made when missing
	Listen     string   // host:port
	WebConfig  string   // exporter-toolkit's web configuration: TLS, users
	External   *url.URL // under which others reach this monitor; nil is derived from Listen

	Retention     model.Duration // of samples; 0 with RetentionSize 0 is 15 d
	RetentionSize int64          // bytes of blocks; 0 is no limit

	QueryTimeout     time.Duration // 2 min
	QueryMaxSamples  int           // that one query may hold in memory: 50 million
	QueryConcurrency int           // 20
	Lookback         time.Duration // how old a sample may be to be current: 5 min

	AdminAPI    bool // deletion and snapshots by HTTP
	RemoteWrite bool // accept remote write
	HostMetrics bool // offer node_exporter's metrics at HostMetricsPath
	// NodeExporter offers them at MetricsPath too, beside the monitor's own, where whoever scrapes a node_exporter looks for them.
	NodeExporter bool

	NTPServers []string // asked for the true time; empty asks nobody

	Doctor Doctor // says why targets are down; nil: nobody does

	Page  http.Handler      // what "/" shows; nil is a list of paths
	Flags map[string]string // as /api/v1/status/flags shows them

	Version string // of the program, for build info
	Logger  *slog.Logger
	Now     func() time.Time // the clock of the process, time.Now; tests step it
}

// Target is one address of the built-in configuration.
type Target struct {
	Job     string
	Address string // host:port
	Path    string // /metrics
	Scheme  string // http or https
}

// HostMetricsPath serves node_exporter's metrics; MetricsPath those of the monitor itself.
const (
	HostMetricsPath = "/node/metrics"
	MetricsPath     = "/metrics"
)

// Upstream's defaults (cmd/prometheus).
const (
	defaultRetention   = model.Duration(15 * 24 * time.Hour)
	defaultTimeout     = 2 * time.Minute
	defaultMaxSamples  = 50_000_000
	defaultConcurrency = 20
	defaultLookback    = 5 * time.Minute
	maxBlockDuration   = 31 * 24 * time.Hour
)

func (o Options) withDefaults() Options {
	if o.Retention == 0 && o.RetentionSize == 0 {
		o.Retention = defaultRetention
	}
	if o.QueryTimeout == 0 {
		o.QueryTimeout = defaultTimeout
	}
	if o.QueryMaxSamples == 0 {
		o.QueryMaxSamples = defaultMaxSamples
	}
	if o.QueryConcurrency == 0 {
		o.QueryConcurrency = defaultConcurrency
	}
	if o.Lookback == 0 {
		o.Lookback = defaultLookback
	}
	if o.Page == nil {
		o.Page = http.HandlerFunc(listPaths)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// listPaths stands in for a page.
func listPaths(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintf(w, "monctl serve\n%s\n%s\n/api/v1/...\n/federate\n/-/ready\n/-/healthy\n", MetricsPath, HostMetricsPath)
}

// ParseSize reads a number of bytes as Prometheus writes it: 512MB, 10GB, 1GiB; 0 is no limit.
func ParseSize(s string) (int64, error) {
	if s == "0" {
		return 0, nil
	}
	n, err := units.ParseBase2Bytes(s)
	if err == nil && n < 0 {
		err = fmt.Errorf("%s is below 0", s)
	}
	return int64(n), err
}
