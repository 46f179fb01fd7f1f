package doctor

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

func scrapeStale() Check {
	return Check{
		ID: "scrape/stale", Title: "what is scraped is stored",
		After: []string{
			downAfter, "tsdb/head-in-future", "tsdb/frozen-scrape-clock", "tsdb/out-of-bounds", "tsdb/out-of-order", "tsdb/duplicate-timestamps",
			"tsdb/blocks-in-future", "tsdb/block-across-now", "tsdb/disk-space", "scrape/duplicate-targets", "clock/offset",
		},
		Ask:   asks(askTargets, askAge, askRuntime),
		Needs: []Shared{Metrics},
		Judge: perServer("scrape/stale", judgeStale),
		Doc: Doc{
			Symptom:  "/targets says UP, and graphs are empty or end some time ago.",
			Cause:    "Samples that the TSDB drops do not fail a scrape. Mostly its newest sample lies in the future, or its disk is full.",
			Evidence: "time()-timestamp(up) of every target against three of its scrape intervals, and prometheus_tsdb_head_samples_appended_total. The colour on /targets is not believed.",
			Fix:      "The finding of the family tsdb that explains it.",
			Risk:     "None.",
			Source:   "reproduced with 2.42; mixin PrometheusNotIngestingSamples",
		},
	}
}

func judgeStale(s server) ([]Finding, error) {
	if _, agent := s.Flags["storage.agent.path"]; agent {
		return nil, nil
	}
	list, err := s.targets()
	if err != nil {
		return nil, err
	}
	ages, err := answer[vector](s, askAge)
	if err == nil && ages.Result == nil {
		err = errors.New(where(askAge) + ": the answer has no result")
	}
	if err != nil {
		return nil, err
	}
	its, _, err := s.clock(askTargets)
	if err != nil {
		return nil, err
	}
	var stale []target
	oldest := 0.0
	for _, t := range list.Active {
		age, stored := ages.age(t)
		limit := 3*max(t.interval(), time.Second).Seconds() + 5
		if t.Health == "unknown" || its.Sub(t.LastScrape) > 3*time.Hour || !stored && s.fresh() {
			continue // not scraped yet
		}
		if !stored || age > limit {
			stale, oldest = append(stale, t), max(oldest, age)
		}
	}
	if len(stale) == 0 {
		return nil, nil
	}
	return []Finding{staleFinding(s, list.Active, stale, oldest)}, nil
}

// fresh says that the process has not run long enough for every target to have been scraped.
func (s server) fresh() bool {
	age, known := s.age()
	return known && age < 30
}

func staleFinding(s server, active, stale []target, oldest float64) Finding {
	f := Finding{
		Level: Fail, Title: fmt.Sprintf("nothing new is stored of %d of %d targets", len(stale), len(active)),
		Evidence: []Evidence{
			Says("for example", stale[0].name()+", which /targets calls "+stale[0].Health), Number("newest stored sample at most", oldest, "s"),
			Number("prometheus_tsdb_head_samples_appended_total", s.counter("prometheus_tsdb_head_samples_appended_total"), "1"),
		},
		Cause: "It is scraped, and the database drops what comes.", Fix: "monctl doctor --only 'tsdb/*'",
	}
	for _, t := range stale {
		f.Targets = append(f.Targets, t.key())
	}
	if oldest == 0 {
		f.Evidence[1] = Says("newest stored sample", "none within five minutes")
	}
	if len(stale) < len(active) {
		f.Level = Warn
		f.Cause = "Others are stored: these targets send time stamps of their own, share their labels with another one, or are scraped too seldom."
		f.Fix = "look for the same labels in two jobs, and set honor_timestamps: false"
	}
	return f
}

// age finds how old the newest sample of a target is, in seconds; false when there is none within five minutes.
func (v vector) age(t target) (float64, bool) {
	for i, r := range v.Result {
		if maps.Equal(r.Metric, t.Labels) {
			return v.value(i), true
		}
	}
	return 0, false
}
