package runtime

import (
	"context"
	"time"

	"github.com/monctl/monctl/runtime/clock"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/config"
)

const (
	clockLook = time.Second
	ntpEvery  = 10 * time.Minute
	ntpRetry  = time.Minute
	// A step back is bridged with out-of-order samples up to this; after a longer one the data is to be repaired.
	maxBridge    = 24 * time.Hour
	bridgeMargin = time.Hour
)

// watchClock looks at the wall clock every second, and asks NTP now and then and after a step, until the context ends.
func (m *Monitor) watchClock(ctx context.Context) {
	watch := &clock.Watch{Wall: m.o.Now, Elapsed: func() time.Duration { return time.Since(m.started) }}
	look := time.NewTicker(clockLook)
	defer look.Stop()
	ask := time.NewTimer(0)
	defer ask.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if by := watch.Step(); by != 0 {
				m.stepped(by)
				m.ntp.Store(nil) // it was about the clock before
				ask.Reset(0)
			}
			m.endBridge()
			m.checkDisk()
		case <-ask.C:
			ask.Reset(m.askNTP(ctx))
		}
	}
}

// askNTP gives the time until the next question.
func (m *Monitor) askNTP(ctx context.Context) time.Duration {
	if len(m.o.NTPServers) == 0 {
		return ntpEvery
	}
	reading, err := clock.Ask(ctx, m.o.NTPServers, m.o.Now)
	if err != nil {
		m.log.Debug("true time not known", "err", err)
		return ntpRetry
	}
	m.ntp.Store(&reading)
	if reading.Offset.Abs() > time.Second+reading.Bound {
		m.log.Warn("the clock of this host is wrong", "off", -reading.Offset, "bound", reading.Bound, "by", reading.Source)
	}
	return ntpEvery
}

// stepped reacts to a step of the wall clock. After a step back, upstream's scrape loops would give every sample the
// time of before the step until the clock has caught up (they align to the last one, and never look back), and the
// samples of now would be older than those stored: so scraping begins anew, and samples may be out of order meanwhile.
func (m *Monitor) stepped(by time.Duration) {
	if by > 0 {
		m.metrics.clockSteps.WithLabelValues("forward").Inc()
		m.log.Warn("the clock was set forward", "by", by)
		return
	}
	m.metrics.clockSteps.WithLabelValues("backward").Inc()
	m.restarts.Add(1)
	m.beginBridge()
	m.log.Warn("the clock was set back; scraping begins anew", "by", -by, "out_of_order_window", time.Duration(m.window.Load())*time.Millisecond)
	m.reapply()
}

// beginBridge opens the out-of-order window wide enough for samples of now.
func (m *Monitor) beginBridge() {
	ahead := time.Duration(m.store.db.Head().MaxTime()-m.o.Now().UnixMilli()) * time.Millisecond
	if ahead <= 0 {
		return
	}
	if ahead > maxBridge {
		m.log.Error("stored samples are too far ahead of the clock; monctl data repair cures it", "ahead", ahead)
		return
	}
	m.window.Store((ahead + bridgeMargin).Milliseconds())
}

// endBridge closes the window when the clock has passed the newest sample.
func (m *Monitor) endBridge() {
	if m.window.Load() == 0 || m.store.db.Head().MaxTime() > m.o.Now().Add(clockLook).UnixMilli() {
		return
	}
	m.window.Store(0)
	m.log.Info("the clock has caught up with the stored samples")
	m.reapply()
}

func (m *Monitor) reapply() {
	m.reloading.Lock()
	defer m.reloading.Unlock()
	if err := m.apply(m.config.Load().Config); err != nil {
		m.log.Error("configuration not put in force again", "err", err)
	}
}

// withWindow widens the out-of-order window of a configuration to the one of the bridge.
func (m *Monitor) withWindow(c *config.TSDBConfig) *config.TSDBConfig {
	wide := *c
	wide.OutOfOrderTimeWindow = max(wide.OutOfOrderTimeWindow, m.window.Load())
	return &wide
}

// clockMetrics are gauges of the last NTP reading; there are none while nothing is known.
type clockMetrics struct {
	m             *Monitor
	offset, bound *prometheus.Desc
}

func newClockMetrics(m *Monitor) clockMetrics {
	return clockMetrics{
		m:      m,
		offset: prometheus.NewDesc("monctl_clock_offset_seconds", "True time by NTP minus this host's clock.", nil, nil),
		bound:  prometheus.NewDesc("monctl_clock_error_bound_seconds", "Largest error of monctl_clock_offset_seconds.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (c clockMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- c.offset; ch <- c.bound }

// Collect implements prometheus.Collector.
func (c clockMetrics) Collect(ch chan<- prometheus.Metric) {
	reading := c.m.ntp.Load()
	if reading == nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(c.offset, prometheus.GaugeValue, reading.Offset.Seconds())
	ch <- prometheus.MustNewConstMetric(c.bound, prometheus.GaugeValue, reading.Bound.Seconds())
}
