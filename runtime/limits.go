package runtime

import (
	"github.com/alecthomas/units"
	"github.com/prometheus/prometheus/config"
)

// Limits of one scrape where the configuration sets none. Upstream has none then, so one broken target can fill the memory
// of the whole monitor. A real exporter is far below: the largest node_exporter has some 10^4 samples in 10^6 bytes. The two largest
// fit each other, at 160 bytes a sample: a body takes up to four times its size while it is read.
const (
	maxBody       = 32 * units.MiB
	maxSamples    = 200_000
	maxLabels     = 128
	maxLabelName  = 1024
	maxLabelValue = 64 * 1024

	headersOfAnswer = 12 << 20 // bytes: net/http takes 10 MB of them, and framing adds some
)

// limited is the configuration as the scrape manager is to see it: with all scrape configs in one list and their limits.
func (m *Monitor) limited(c *config.Config) *config.Config {
	jobs, err := c.GetScrapeConfigs()
	if err != nil { // checked when it was loaded; the manager says it again
		return c
	}
	limited := *c
	limited.StorageConfig.TSDBConfig = m.withWindow(c.StorageConfig.TSDBConfig)
	limited.ScrapeConfigFiles = nil
	limited.ScrapeConfigs = make([]*config.ScrapeConfig, len(jobs))
	var largest units.Base2Bytes
	for i, job := range jobs {
		limited.ScrapeConfigs[i] = limitedJob(*job, m.restarts.Load())
		largest = max(largest, limited.ScrapeConfigs[i].BodySizeLimit)
	}
	m.dialer.most.Store(int64(largest) + headersOfAnswer)
	return &limited
}

// limitedJob gives a job the limits that it lacks. restarts counts how often scraping had to begin anew: the manager restarts
// just the pools whose configuration differs, so each restart allows one byte more.
func limitedJob(job config.ScrapeConfig, restarts uint64) *config.ScrapeConfig {
	atLeast(&job.BodySizeLimit, maxBody)
	job.BodySizeLimit += units.Base2Bytes(restarts)
	atLeast(&job.SampleLimit, maxSamples)
	atLeast(&job.LabelLimit, maxLabels)
	atLeast(&job.LabelNameLengthLimit, maxLabelName)
	atLeast(&job.LabelValueLengthLimit, maxLabelValue)
	return &job
}

func atLeast[T uint | units.Base2Bytes](limit *T, otherwise T) {
	if *limit == 0 {
		*limit = otherwise
	}
}
