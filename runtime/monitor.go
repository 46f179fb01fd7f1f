package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/monctl/monctl/runtime/clock"
	"github.com/monctl/monctl/runtime/discover"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/notifier"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/prometheus/prometheus/util/features"
)

// Monitor is one running monitor. Start makes it, Run lets it work until its context ends.
type Monitor struct {
	o        Options
	log      *slog.Logger
	reg      *prometheus.Registry
	features features.Collector
	parser   parser.Parser
	started  time.Time
	metrics  metrics
	self     *pipeListener // where the scrape manager reaches this process
	dialer   *dialer       // how it reaches targets

	lock     *tsdbutil.DirLocker
	listener net.Listener
	web      *server

	stats   *tsdb.DBStats
	store   *store
	engine  *promql.Engine
	queries limitedEngine // what asks the engine
	rules   *rules.Manager
	alerts  *notifier.Manager
	scrape  *scrape.Manager

	clinic *clinic

	scrapeSD, alertSD *discover.Finder

	abortRules context.CancelFunc

	restarts atomic.Uint64 // of all scraping, because of the clock
	diskFull atomic.Bool
	stopping atomic.Bool  // no more samples are accepted
	window   atomic.Int64 // ms that samples may be out of order while the clock catches up; see clock.go
	ntp      atomic.Pointer[clock.Reading]

	reloading sync.Mutex
	config    atomic.Pointer[loaded]
}

// loaded is a configuration in force.
type loaded struct {
	*config.Config
	text string    // as /api/v1/status/config shows it
	at   time.Time // when it was loaded
	ok   bool      // false when a later one could not be
}

// Check reads the configuration and every file it names, and touches neither data nor port. Its error is a *ConfigError.
func Check(o Options) error {
	_, err := load(o.withDefaults(), boundedParser{parser.NewParser(parser.Options{})})
	return err
}

// Start checks the configuration, takes the data folder and the port, and answers on it: 503 until Run has read the data.
// Errors are a *ConfigError, *InUseError, *PortError or plain.
func Start(o Options) (*Monitor, error) {
	o = o.withDefaults()
	if path, err := filepath.Abs(o.Data); err == nil { // what names it is read elsewhere, too: on the page, in a log
		o.Data = path
	}
	m := &Monitor{
		o: o, log: o.Logger, reg: prometheus.NewRegistry(), features: features.NewRegistry(), started: o.Now(),
		parser: boundedParser{parser.NewParser(parser.Options{})}, self: newPipeListener(), dialer: &dialer{}, stats: tsdb.NewDBStats(),
	}
	m.dialer.self = m.self
	m.clinic = newClinic(o.Doctor, o.Now)
	c, err := load(o, m.parser)
	if err != nil {
		return nil, err
	}
	m.config.Store(&loaded{Config: c, text: c.String(), at: o.Now(), ok: true})
	if m.lock, err = lockData(o.Data, m.log); err != nil {
		return nil, err
	}
	if m.listener, err = listen(o.Listen); err != nil {
		return nil, join(err, m.lock.Release())
	}
	if m.web, err = newServer(m); err != nil {
		return nil, errors.Join(err, m.listener.Close(), m.lock.Release())
	}
	m.metrics = registerSelf(m.reg, o.Version)
	m.reg.MustRegister(newClockMetrics(m), m.diskMetric())
	m.checkDisk()
	return m, nil
}

// URL is where this monitor answers.
func (m *Monitor) URL() *url.URL { return m.web.external }

// Run reads the data, scrapes, evaluates and serves until the context ends, then stops within a second: what was
// committed is on disk. ready is called once, when queries are answered; it may be nil.
func (m *Monitor) Run(ctx context.Context, ready func()) error {
	failed := m.web.serve(m.listener, m.self)
	defer func() {
		if err := m.lock.Release(); err != nil {
			m.log.Warn("data folder: release the lock", "err", err)
		}
	}()
	if err := m.open(ctx); err != nil {
		m.web.stop()
		return err
	}
	defer m.close()
	if err := m.apply(m.config.Load().Config); err != nil {
		return err
	}
	defer m.work(ctx)()
	m.web.ready(m)
	if ready != nil {
		ready()
	}
	if err := trim(); err != nil {
		m.log.Debug("memory of the start is kept", "err", err)
	}
	select {
	case <-ctx.Done():
		m.web.closing()
		return nil
	case err := <-failed:
		return fmt.Errorf("web server: %w", err)
	}
}

// close ends what open made, when no request uses it any more. Where one does not end, nothing is closed: its data would
// be unmapped under it, and what was committed is in the log of the TSDB anyway.
func (m *Monitor) close() {
	if !m.web.stop() {
		m.log.Warn("a query did not end; the storage is left as it is")
		return
	}
	if err := m.engine.Close(); err != nil {
		m.log.Warn("query engine: close", "err", err)
	}
	if err := m.store.close(); err != nil {
		m.log.Error("storage: close", "err", err)
	}
}

// open reads the data and makes everything that works on it.
func (m *Monitor) open(ctx context.Context) error {
	c := m.config.Load().Config
	if err := refuseNewer(m.o.Data); err != nil {
		return &DataError{Dir: m.o.Data, Cause: err}
	}
	var err error
	if m.store, err = openStore(m.o, c, m.reg, m.stats, m.refuse); err != nil {
		return &DataError{Dir: m.o.Data, Cause: err}
	}
	m.warnOfFuture()
	if err := m.makeEngine(); err != nil {
		return err
	}
	return m.makeManagers(ctx, c)
}

func (m *Monitor) makeEngine() error {
	tracker, err := promql.NewActiveQueryTracker(m.o.Data, m.o.QueryConcurrency, m.log.With("component", "activeQueryTracker"))
	if err != nil {
		return fmt.Errorf("data folder: active queries: %w", err)
	}
	noStep := func() time.Duration { return time.Duration(m.config.Load().GlobalConfig.EvaluationInterval) }
	m.engine = promql.NewEngine(promql.EngineOpts{
		Logger: m.log.With("component", "query engine"), Reg: m.reg, FeatureRegistry: m.features, Parser: m.parser,
		MaxSamples: m.o.QueryMaxSamples, Timeout: m.o.QueryTimeout, LookbackDelta: m.o.Lookback, ActiveQueryTracker: tracker,
		NoStepSubqueryIntervalFn: func(int64) int64 { return noStep().Milliseconds() },
		EnableAtModifier:         true, EnableNegativeOffset: true, // as upstream's server since 2.33
	})
	m.queries = limitedEngine{m.engine, m.parser, m.o.QueryMaxSamples, noStep}
	return nil
}
