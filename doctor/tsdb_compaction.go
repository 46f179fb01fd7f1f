package doctor

import "fmt"

// tsdbCompaction finds compactions that fail: the head is not written to blocks and memory grows.
func tsdbCompaction() Check {
	return Check{
		ID: "tsdb/compaction", Title: "blocks are compacted",
		After: []string{"tsdb/answers", "tsdb/disk-space", "tsdb/ownership", "tsdb/block-corrupt", "tsdb/wal-corrupt", "tsdb/filesystem"},
		On:    []string{"prometheus"}, Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Ask:   asks(askTSDB, askTargets, askRuntime, askEarlier),
		Judge: perDatabase("tsdb/compaction", judgeCompaction),
		Doc: Doc{
			Symptom:  "`compaction failed` in the log, memory and wal/ grow, `reloading blocks failed`.",
			Cause:    "No space or no permission for the new block, or a block or segment that cannot be read.",
			Evidence: "prometheus_tsdb_compactions_failed_total, _reloads_failures_total and _head_truncations_failed_total, over ten minutes or since the start, and how long the head has grown.",
			Fix:      "What the message in the journal names; mostly room on the disk, or monctl data repair.",
			Risk:     "None for looking. A restart with a large WAL takes long.",
			Source:   "prometheus tsdb/db.go; mixin PrometheusTSDBCompactionsFailing",
		},
	}
}

func judgeCompaction(s server) ([]Finding, error) {
	if _, err := s.metric("prometheus_tsdb_compactions_failed_total"); err != nil {
		return nil, err
	}
	lines, _ := s.said("compaction failed", "reloadBlocks", "reloading blocks failed")
	var found []Finding
	for _, name := range []string{"prometheus_tsdb_compactions_failed_total", "prometheus_tsdb_reloads_failures_total", "prometheus_tsdb_head_truncations_failed_total"} {
		n := s.counter(name)
		if n == 0 {
			continue
		}
		level := Warn
		if by, known := s.rise(name); known && by > 0 {
			level = Fail
		}
		found = append(found, Finding{
			Level: level, Tag: name, Title: fmt.Sprintf("compaction failed %s since the start", count(int(n), "time", "times")),
			Evidence: append([]Evidence{Number(name, n, "1")}, last(lines)...),
			Cause:    "The data in memory cannot be written to a block, or blocks cannot be read.",
			Fix:      s.log("compact\\|reload") + "; then room on the disk, or " + s.repair(),
		})
	}
	if h, err := answer[head](s, askTSDB); err == nil && !h.empty() && len(found) == 0 {
		found = append(found, headTooLong(s, h)...)
	}
	return found, nil
}

// headTooLong finds a head that should have been written long ago: it spans three hours at most, one more while it is written.
func headTooLong(s server, h head) []Finding {
	spans := millis(h.Stats.MaxTime).Sub(millis(h.Stats.MinTime))
	flags, err := s.flags()
	block := duration(flags["storage.tsdb.min-block-duration"])
	if err != nil || block == 0 || spans <= 3*block || s.tooFar() {
		return nil
	}
	return []Finding{{
		Level: Warn, Tag: "head", Title: "the head holds " + span(spans) + " of samples",
		Evidence: []Evidence{Number("span of the head", spans.Seconds(), "s"), Number("block", block.Seconds(), "s")},
		Cause:    "The head is written to a block when it spans one and a half of them; that has not happened.",
		Fix:      s.log("compact"),
	}}
}
