package runtime

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/monctl/monctl/runtime/discover"
	"github.com/prometheus/common/model"

	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/notifier"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/util/features"
	"github.com/prometheus/prometheus/util/logging"
)

// Upstream's defaults of the rule manager (--rules.alert.*, --rules.max-concurrent-evals).
const (
	outageTolerance = time.Hour
	forGracePeriod  = 10 * time.Minute
	resendDelay     = time.Minute
	maxEvals        = 4
	notifyQueue     = 10_000
	scrapeGrace     = 100 * time.Millisecond // and to running scrapes; their targets are not called down
	evalGrace       = 100 * time.Millisecond // that a stop leaves to running evaluations
)

func (m *Monitor) makeManagers(ctx context.Context, c *config.Config) error {
	sd, err := discovery.CreateAndRegisterSDMetrics(m.reg)
	if err != nil {
		return fmt.Errorf("discovery: %w", err)
	}
	for _, name := range discovery.RegisteredConfigNames() {
		m.features.Enable(features.ServiceDiscoveryProviders, name)
	}
	if m.scrapeSD, err = discover.New(ctx, "scrape", m.log.With("component", "discovery of targets"), m.reg, sd); err != nil {
		return fmt.Errorf("discovery of targets: %w", err)
	}
	if m.alertSD, err = discover.New(ctx, "notify", m.log.With("component", "discovery of alertmanagers"), m.reg, sd); err != nil {
		return fmt.Errorf("discovery of alertmanagers: %w", err)
	}
	m.alerts = notifier.NewManager(&notifier.Options{Registerer: m.reg, QueueCapacity: notifyQueue},
		c.GlobalConfig.MetricNameValidationScheme, m.log.With("component", "notifier"))
	m.scrape, err = scrape.NewManager(&scrape.Options{
		DiscoveryReloadOnStartup: true, FeatureRegistry: m.features, DiscoveryReloadInterval: model.Duration(5 * time.Second),
		HTTPClientOptions: []config_util.HTTPClientOption{config_util.WithDialContextFunc(m.dialer.dial)},
	}, m.log.With("component", "scrape manager"), logging.NewJSONFileLogger, nil, m.store.all, m.reg)
	if err != nil {
		return fmt.Errorf("scrape manager: %w", err)
	}
	m.store.metadata.manager.Store(m.scrape)
	external := m.web.external
	evaluate, abort := context.WithCancel(context.WithoutCancel(ctx))
	m.abortRules = abort
	m.rules = rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme: c.GlobalConfig.MetricNameValidationScheme, ExternalURL: external,
		Appendable: m.store.all, Queryable: m.store.db, QueryFunc: rules.EngineQueryFunc(m.queries, m.store.all),
		NotifyFunc: rules.SendAlerts(m.alerts, external.String()), Context: evaluate,
		Logger: m.log.With("component", "rule manager"), Registerer: m.reg, FeatureRegistry: m.features, Parser: m.parser,
		OutageTolerance: outageTolerance, ForGracePeriod: forGracePeriod, ResendDelay: resendDelay, MaxConcurrentEvals: maxEvals,
		DefaultRuleQueryOffset: func() time.Duration { return time.Duration(m.config.Load().GlobalConfig.RuleQueryOffset) },
		GroupLoader:            ruleLoader{parser: m.parser, log: m.log},
	})
	return nil
}

// work starts the managers. The function it gives back ends them and waits for them: rules first, because absent() would
// fire when scraping ends before.
func (m *Monitor) work(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	run := func(name string, f func() error) {
		all.Go(func() {
			if err := f(); err != nil && ctx.Err() == nil {
				m.log.Error(name+" ended", "err", err)
			}
		})
	}
	run("discovery of targets", func() error { return m.scrapeSD.Run(ctx) })
	run("discovery of alertmanagers", func() error { return m.alertSD.Run(ctx) })
	run("scrape manager", func() error { return m.scrape.Run(m.scrapeSD.Targets()) })
	run("notifier", func() error { m.alerts.Run(m.alertSD.Targets()); return nil })
	run("rule manager", func() error { m.rules.Run(); return nil })
	run("clock watch", func() error { m.watchClock(ctx); return nil })
	run("doctor", func() error { m.clinic.work(ctx); return nil })
	return func() {
		late := time.AfterFunc(evalGrace, m.abortRules)
		m.rules.Stop()
		late.Stop()
		m.abortRules()
		late = time.AfterFunc(scrapeGrace, func() { m.stopping.Store(true); m.dialer.cut() })
		m.scrape.Stop() // waits for running scrapes
		late.Stop()
		m.alerts.Stop()
		cancel()
		all.Wait()
	}
}
