package runtime

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/util/logging"
)

// Reload reads the configuration again and puts it in force. One that cannot be used changes nothing.
func (m *Monitor) Reload() error {
	m.reloading.Lock()
	defer m.reloading.Unlock()
	old := m.config.Load()
	c, err := load(m.o, m.parser)
	if err != nil {
		m.reloaded(false)
		m.config.Store(&loaded{Config: old.Config, text: old.text, at: old.at})
		return fmt.Errorf("configuration kept as it was: %w", err)
	}
	m.config.Store(&loaded{Config: c, text: c.String(), at: m.o.Now(), ok: true})
	if err := m.apply(c); err != nil {
		m.reloaded(false)
		m.config.Store(old)
		return errors.Join(fmt.Errorf("configuration put back: %w", err), m.apply(old.Config))
	}
	m.log.Info("configuration loaded", "file", m.o.ConfigFile)
	return nil
}

// apply puts a configuration in force, in upstream's order: managers read it when discovery sends them targets.
func (m *Monitor) apply(c *config.Config) error {
	c = m.limited(c)
	err := errors.Join(
		m.store.apply(c),
		m.applyQueryLog(c),
		m.scrape.ApplyConfig(c),
		m.applyDiscovery(c),
		m.alerts.ApplyConfig(c),
		m.applyRules(c),
	)
	m.applyAlertDiscovery(c)
	if err != nil {
		return err
	}
	m.reloaded(true)
	applyGC(c)
	return nil
}

// applyGC sets the garbage collector as runtime.gogc says; the variable is what /api/v1/status/runtimeinfo shows.
func applyGC(c *config.Config) {
	debug.SetGCPercent(c.Runtime.GoGC)
	value := "off"
	if c.Runtime.GoGC >= 0 {
		value = strconv.Itoa(c.Runtime.GoGC)
	}
	_ = os.Setenv("GOGC", value) // fails only for names that are not allowed
}

func (m *Monitor) applyQueryLog(c *config.Config) error {
	if c.GlobalConfig.QueryLogFile == "" {
		m.engine.SetQueryLogger(nil)
		return nil
	}
	log, err := logging.NewJSONFileLogger(c.GlobalConfig.QueryLogFile)
	if err != nil {
		return fmt.Errorf("query_log_file: %w", err)
	}
	m.engine.SetQueryLogger(log)
	return nil
}

func (m *Monitor) applyDiscovery(c *config.Config) error {
	jobs, err := c.GetScrapeConfigs()
	if err != nil {
		return err
	}
	all := map[string]discovery.Configs{}
	for _, job := range jobs {
		all[job.JobName] = job.ServiceDiscoveryConfigs
	}
	m.scrapeSD.Apply(all)
	return nil
}

func (m *Monitor) applyAlertDiscovery(c *config.Config) {
	all := map[string]discovery.Configs{}
	for name, am := range c.AlertingConfig.AlertmanagerConfigs.ToMap() {
		all[name] = am.ServiceDiscoveryConfigs
	}
	m.alertSD.Apply(all)
}

func (m *Monitor) applyRules(c *config.Config) error {
	files, err := ruleFiles(c)
	if err != nil {
		return err
	}
	files = append(files, builtinRules)
	return m.rules.Update(time.Duration(c.GlobalConfig.EvaluationInterval), files, c.GlobalConfig.ExternalLabels, m.web.external.String(), nil)
}
