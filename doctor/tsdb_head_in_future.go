package doctor

import (
	"fmt"
	"time"
)

// tsdbHeadInFuture finds samples in memory that are newer than now: samples of now are then refused.
func tsdbHeadInFuture() Check {
	return Check{
		ID: "tsdb/head-in-future", Title: "the newest sample is not in the future",
		After: []string{"tsdb/answers", "tsdb/future-retention", "clock/offset", "clock/stepped"},
		On:    []string{"prometheus"}, Uses: []Shared{Clocks},
		Ask:   asks(askTSDB, askConfig),
		Judge: perDatabase("tsdb/head-in-future", judgeHeadInFuture),
		Doc: Doc{
			Symptom:  "Nothing new on any graph while /targets says UP; `Error on ingesting samples that are too old or are too far into the future`.",
			Cause:    "The clock was ahead when samples were stored. The TSDB has no upper limit for time, but refuses what is older than an hour before its newest sample.",
			Evidence: "headStats.maxTime of /api/v1/status/tsdb against Prometheus' own clock, and true time where NTP gave it. Exact to a second.",
			Fix:      "First the clock. Up to 10 minutes: wait. Up to 12 hours, from 2.39 on: monctl data repair --no-downtime, which sets storage.tsdb.out_of_order_time_window. Otherwise monctl data repair writes the folder anew without the future samples and keeps the old one. delete_series and clean_tombstones do not help: the head keeps its newest time.",
			Risk:     "A restart with future blocks in the folder loses up to three hours of good samples: look first.",
			Source:   "prometheus tsdb/head_append.go appendableMinValidTime; prometheus#6554, #12182, #13573; reproduced with 2.42",
		},
	}
}

func judgeHeadInFuture(s server) ([]Finding, error) {
	n, ok, err := s.newest()
	if err != nil || !ok {
		return nil, err
	}
	evidence := []Evidence{Says("newest sample", stamp(n.Max)), Measured("ahead of prometheus' clock", n.Ahead.Seconds(), 1, "s")}
	if !n.Truth.IsZero() {
		evidence = append(evidence, Measured("ahead of true time", n.Max.Sub(n.Truth).Seconds(), 1+s.Fleet.Truth.Offset.Bound().Seconds(), "s"))
	}
	found := Finding{Level: Fail, Evidence: evidence}
	switch {
	case n.Ahead > aheadNoise && n.fast() < -aheadNoise && !n.Max.After(n.Truth.Add(aheadNoise)):
		found.Tag, found.Title = "clock-behind", "the clock is behind the samples, which are right"
		found.Cause = fmt.Sprintf("The clock of this host is %s slow. Its samples are refused until the clock is right, and then all is well by itself.", span(n.fast()))
		found.Fix = "put the clock right: monctl doctor time-drift; leave the data alone"
	case n.Ahead <= aheadNoise && n.fast() > scrapeAhead:
		found.Tag, found.Title = "clock-ahead", fmt.Sprintf("samples are stored %s in the future", span(n.fast()))
		found.Cause = "The clock of this host is fast. As soon as it is put right, samples of now are refused until " + stamp(n.Max) + "."
		found.Fix = "put the clock right with prometheus stopped, then " + s.repair()
	case n.Ahead <= aheadNoise:
		return nil, nil
	default:
		n.judge(s, &found)
	}
	return []Finding{found}, nil
}

// judge explains a head that is ahead while the clock is right.
func (n newest) judge(s server, found *Finding) {
	found.Title = fmt.Sprintf("the newest sample is %s in the future", span(n.Ahead))
	found.Cause = "Samples were stored while the clock was ahead. " + n.heals()
	found.Fix = s.repair()
	if n.Ahead <= scrapeAhead {
		found.Level = Warn
		found.Fix = "wait until " + stamp(n.Max) + "; if one job alone is ahead, set honor_timestamps: false for it"
	}
	if c, err := s.config(); err == nil && duration(c.Storage.TSDB.Window) > n.Ahead {
		found.Level = Warn
		found.Cause += " The out-of-order window of " + c.Storage.TSDB.Window + " takes samples of now until then."
		found.Fix = "take the window out again after " + stamp(n.Max.Add(appendBehind))
	}
}

// heals says when what is refused changes by itself.
func (n newest) heals() string {
	if n.Ahead > appendBehind {
		return fmt.Sprintf("Every sample is refused as out of bounds until %s, and known series as out of order until %s.", stamp(n.Max.Add(-appendBehind)), stamp(n.Max))
	}
	return fmt.Sprintf("Series that have such a sample refuse others as out of order until %s, when it heals by itself.", stamp(n.Max.Truncate(time.Second)))
}
