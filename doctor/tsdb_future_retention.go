package doctor

import (
	"fmt"
	"time"
)

// tsdbFutureRetention is the alarm for good history that retention deletes because of samples in the future.
func tsdbFutureRetention() Check {
	return Check{
		ID: "tsdb/future-retention", Title: "retention deletes no good history",
		On: []string{"prometheus"}, Reads: []string{dataProbe}, Uses: []Shared{Clocks},
		Ask:   asks(askFlags, askConfig, askTSDB, askRuntime),
		Judge: perDatabase("tsdb/future-retention", judgeFutureRetention),
		Fix:   fixFutureRetention,
		Doc: Doc{
			Symptom:  "`Deleting obsolete block` in the log for blocks that are not old; months of history disappear after a jump of the clock.",
			Cause:    "Retention by time counts back from the newest block, not from now. A block that is further ahead than the retention makes every good block obsolete.",
			Evidence: "The bounds of all blocks, the newest sample in memory, and the retention in force. Blocks are counted that would be kept if the future ones were not there.",
			Fix:      "Stop Prometheus at once, then monctl data repair writes the folder without the future blocks before the next start.",
			Risk:     "No monitoring while it is stopped. Going on loses the history for good.",
			Source:   "prometheus tsdb/db.go BeyondTimeRetention; prometheus#2893; reproduced with 2.42",
		},
	}
}

func judgeFutureRetention(s server) ([]Finding, error) {
	d, err := s.data()
	if err != nil {
		return nil, err
	}
	now, known := s.now()
	_, newestBlock := bounds(d.Blocks)
	newestEver := newestBlock
	if n, ok, err := s.newest(); err == nil && ok && n.Max.After(newestEver) {
		newestEver = n.Max
	}
	if !known {
		return nil, errNoClock
	}
	if !newestEver.After(now.Add(scrapeAhead)) {
		return nil, nil
	}
	keep, err := s.keeps()
	if err != nil {
		return nil, fmt.Errorf("samples lie %s in the future, and how long history is kept is not known: %w", span(newestEver.Sub(now)), err)
	}
	return doomed(s, d.Blocks, now, newestBlock, newestEver, keep), nil
}

// doomed finds the blocks that only the future ones make obsolete.
func doomed(s server, blocks []block, now, newestBlock, newestEver time.Time, keep time.Duration) []Finding {
	var lost []block
	for _, b := range blocks {
		if !b.Min.After(now) && now.Sub(b.Max) < keep && newestEver.Sub(b.Max) >= keep && keep > 0 {
			lost = append(lost, b)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	low, high := bounds(lost)
	when := "at the next reload of blocks, within minutes, or at the next start"
	if newestBlock.Before(now) {
		when = "as soon as the samples in memory are written to a block"
	}
	fix := "systemctl stop " + s.Unit + "; then " + s.repair()
	if s.Unit == "" {
		fix = fmt.Sprintf("kill -TERM %d; then %s", s.Process.PID, s.repair())
	}
	return []Finding{{
		Level: Fail, Title: fmt.Sprintf("ALARM: %s of good history about to be deleted", count(len(lost), "block", "blocks")),
		Evidence: []Evidence{
			Says("history at risk", stamp(low)+" to "+stamp(high)), Says("newest sample", stamp(newestEver)),
			Number("retention", keep.Seconds(), "s"),
		},
		Cause: "Retention counts from the newest sample, which lies in the future. The blocks go " + when + ".",
		Fix:   fix,
	}}
}

func fixFutureRetention(f Fleet, found Finding) (Fix, bool) {
	for _, s := range servers(f) {
		if s.Host.Name == found.Host && s.Name == found.Component && s.Unit != "" && s.Running && found.Level == Fail {
			return Fix{
				Host: found.Host, Title: "stop Prometheus before it deletes good history",
				Steps: []Step{{Why: "retention deletes only while it runs", Run: "systemctl stop " + quote(s.Unit)}},
				Risk:  "nothing is monitored until it is started again", Then: s.repair(),
			}, true
		}
	}
	return Fix{}, false
}
