package doctor

import "fmt"

// tsdbWALSize finds a write-ahead log that is not cut any more.
func tsdbWALSize() Check {
	return Check{
		ID: "tsdb/wal-size", Title: "the write-ahead log is cut by checkpoints",
		After: []string{"tsdb/answers", "tsdb/compaction", "tsdb/wal-corrupt", "tsdb/head-in-future", "tsdb/disk-space"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe}, Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Ask:   asks(askRuntime),
		Judge: perDatabase("tsdb/wal-size", judgeWALSize),
		Doc: Doc{
			Symptom:  "wal/ fills the disk; a restart replays for many minutes.",
			Cause:    "Checkpoints fail (`create checkpoint` in the log), or the head is not written to blocks.",
			Evidence: "prometheus_tsdb_checkpoint_creations_failed_total and _wal_truncations_failed_total; the size of wal/ against samples per second × 6 hours × 12 bytes.",
			Fix:      "Cure the compaction; then the next checkpoint cuts the log.",
			Risk:     "None. Removing wal/ loses up to three hours, and chunks_head/ beside it then corrupts other series.",
			Source:   "prometheus tsdb/wlog/checkpoint.go, docs/storage.md; mixin PrometheusTSDBCompactionsFailing; prometheus#18552",
		},
	}
}

func judgeWALSize(s server) ([]Finding, error) {
	failed, err := s.metric("prometheus_tsdb_checkpoint_creations_failed_total")
	if err != nil {
		return nil, err
	}
	lines, _ := s.said("create checkpoint", "truncate WAL", "WAL truncation")
	if n := failed + s.counter("prometheus_tsdb_wal_truncations_failed_total"); n > 0 {
		return []Finding{{
			Level: Fail, Tag: "checkpoint", Title: "the write-ahead log cannot be cut",
			Evidence: append([]Evidence{Number("failed checkpoints and truncations", n, "1")}, last(lines)...),
			Cause:    "A checkpoint could not be made, so no segment is removed.", Fix: "monctl doctor --only 'tsdb/*'; then " + s.repair(),
		}}, nil
	}
	d, err := s.data()
	if err != nil {
		return nil, err
	}
	limit := s.walLimit()
	if limit == 0 || float64(d.WAL.Bytes) < limit {
		return nil, nil
	}
	return []Finding{{
		Level: Warn, Tag: "size", Title: fmt.Sprintf("the write-ahead log is %d MB", d.WAL.Bytes>>20),
		Evidence: []Evidence{Number("wal/", float64(d.WAL.Bytes), "bytes"), Number("expected at most", limit, "bytes"), Number("segments", float64(d.WAL.Count), "1")},
		Cause:    "It holds more than the samples of six hours at today's rate. A restart reads all of it.",
		Fix:      "look whether compaction works: journalctl -u " + orUnknown(s.Unit) + " | grep -i 'compact\\|checkpoint'",
	}}, nil
}

// walLimit is a generous bound: a sample takes some two bytes compressed and twelve at most, series come on top. 0 is not known.
func (s server) walLimit() float64 {
	appended, err := s.metric("prometheus_tsdb_head_samples_appended_total")
	age, known := s.age()
	if err != nil || !known || age < 600 {
		return 0
	}
	const hours, perSample, perSeries, least = 6 * 3600, 12, 2000, 512 << 20
	return least + appended/age*hours*perSample + s.counter("prometheus_tsdb_head_series_created_total")*perSeries
}
