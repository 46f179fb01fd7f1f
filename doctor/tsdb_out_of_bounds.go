package doctor

import "fmt"

// tsdbOutOfBounds names the gate that refuses samples for their time.
func tsdbOutOfBounds() Check {
	return Check{
		ID: "tsdb/out-of-bounds", Title: "no sample is refused for its time",
		After: []string{"tsdb/answers", "tsdb/frozen-scrape-clock", "tsdb/head-in-future", "tsdb/blocks-in-future", "tsdb/block-across-now", "clock/offset", "clock/stepped"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe}, Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Ask:   asks(askTSDB, askTargets, askConfig, askRuntime, askEarlier),
		Judge: perDatabase("tsdb/out-of-bounds", judgeOutOfBounds),
		Doc: Doc{
			Symptom:  "`Error on ingesting samples that are too old or are too far into the future`, `Appending scrape report failed … out of bounds`, or `out of bounds` at a target.",
			Cause:    "Five gates refuse samples: (1) the scrape, more than 10 minutes ahead; (2) the TSDB, older than an hour before its newest sample or than its newest block; (3) out of order within a series; (4) the same time with another value; (5) with an out-of-order window, older than the window. This check is for 1, 2 and 5.",
			Evidence: "prometheus_target_scrapes_sample_out_of_bounds_total rising alone is gate 1; together with prometheus_tsdb_out_of_bound_samples_total gate 2; prometheus_tsdb_too_old_samples_total gate 5. Rising is judged over ten minutes, or by the journal.",
			Fix:      "The clock first, then by the gate: restart, wait, window, or monctl data repair.",
			Risk:     "See the fix that is named.",
			Source:   "prometheus scrape/scrape.go maxAheadTime, tsdb/head_append.go; reproduced with 2.42",
		},
	}
}

const (
	scrapeBounds = "prometheus_target_scrapes_sample_out_of_bounds_total"
	tsdbBounds   = "prometheus_tsdb_out_of_bound_samples_total"
	tsdbTooOld   = "prometheus_tsdb_too_old_samples_total"
)

func judgeOutOfBounds(s server) ([]Finding, error) {
	scraped, sure, err := s.rejected(scrapeBounds, saysBounds)
	if err != nil {
		return nil, err
	}
	stored, storedSure, _ := s.rejected(tsdbBounds, saysBounds)
	old, oldSure, _ := s.rejected(tsdbTooOld, saysBounds)
	if scraped+stored+old == 0 {
		return nil, nil
	}
	if !sure && scraped > 0 || !storedSure && stored > 0 || !oldSure && old > 0 {
		return unsureRejected(scrapeBounds, scraped), nil
	}
	found := Finding{Level: Fail, Evidence: []Evidence{Number(scrapeBounds, scraped, "1"), Number(tsdbBounds, stored, "1"), Number(tsdbTooOld, old, "1")}}
	lines, _ := s.said(saysBounds)
	if len(lines) > 0 {
		found.Since = lines[0].At
		found.Evidence = append(found.Evidence, last(lines)...)
	}
	frozen, _, _ := s.frozen() // then the scrapes stop at gate 1; what rules write of now stops at gate 2, and is a part of it
	switch {
	case old > 0:
		found.tooOld(s)
	case stored > 0 && len(frozen) == 0:
		found.behindHead(s)
	default:
		found.aheadOfScrape(s)
	}
	return []Finding{found}, nil
}

func (found *Finding) tooOld(s server) {
	c, _ := s.config()
	found.Tag, found.Title = "gate-5", "samples are refused as older than the out-of-order window"
	found.Cause = "Gate 5: they are more than " + orUnknown(c.Storage.TSDB.Window) + " behind the newest sample."
	found.Fix = "put the sender's clock right, or widen storage.tsdb.out_of_order_time_window"
}

func (found *Finding) behindHead(s server) {
	found.Tag, found.Title = "gate-2", "samples of now are refused by the database"
	n, ok, err := s.newest()
	if err != nil || !ok || n.Ahead <= aheadNoise {
		found.Cause = "Gate 2: they are more than an hour behind the newest sample, which is not in the future; so they carry time stamps of their exporter, or a block ends after now."
		found.Fix = "set honor_timestamps: false for the job that sends old time stamps"
		return
	}
	found.Cause = "Gate 2: the newest sample is " + span(n.Ahead) + " in the future. " + n.heals() + " What is scraped until then is lost."
	found.Fix = s.repair()
}

func (found *Finding) aheadOfScrape(s server) {
	found.Tag, found.Title = "gate-1", "samples are refused as more than 10 minutes in the future"
	frozen, ahead, err := s.frozen()
	if err == nil && len(frozen) > 0 {
		found.Cause = fmt.Sprintf("Gate 1: the scrape clock is frozen %s in the future, since the clock stepped back. It heals when the time has caught up, or with a restart.", span(ahead))
		found.Fix = s.restartOrRepair()
		return
	}
	found.Cause = "Gate 1: an exporter sends time stamps of its own, and its clock is ahead."
	found.Fix = "put that exporter's clock right, or set honor_timestamps: false for its job"
}
