package doctor

import "fmt"

// tsdbWALCorrupt finds a damaged write-ahead log.
func tsdbWALCorrupt() Check {
	return Check{
		ID: "tsdb/wal-corrupt", Title: "the write-ahead log is whole",
		After: []string{"install/disk", "tsdb/disk-space", "tsdb/filesystem"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe}, Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Judge: perDatabase("tsdb/wal-corrupt", judgeWALCorrupt),
		Doc: Doc{
			Symptom:  "`Encountered WAL read error, attempting repair`, `Deleting all segments newer than corrupted segment`, `create checkpoint: read segments: corruption in segment`, or a start that ends with `segments are not sequential`.",
			Cause:    "A torn write after a power loss, a kill or a full disk; or somebody deleted a file in the middle.",
			Evidence: "prometheus_tsdb_wal_corruptions_total, the journal, and the numbers of the segments on the disk.",
			Fix:      "After a repair of its own nothing is left to do. Otherwise monctl data repair saves what can be read, also from the head's chunks, and keeps the old folder.",
			Risk:     "At most three hours of samples, which the damage took already.",
			Source:   "prometheus tsdb/wlog/wlog.go Repair; prometheus#7835, #18552, #10838, #6080",
		},
	}
}

func judgeWALCorrupt(s server) ([]Finding, error) {
	var found []Finding
	d, err := s.data()
	if err == nil && (d.WAL.gap() || len(d.Odd) > 0) {
		found = append(found, Finding{
			Level: Fail, Tag: "gap", Title: "segments of the write-ahead log are missing: the next start fails",
			Evidence: []Evidence{
				Number("segments there", float64(d.WAL.Count), "1"), Says("first and last", fmt.Sprintf("%d, %d", d.WAL.First, d.WAL.Last)),
				Says("other files there", fmt.Sprint(len(d.Odd))),
			},
			Cause: "A file of wal/ was deleted or left over from a repair. Prometheus says `segments are not sequential`.", Fix: s.repair(),
		})
		if !s.Running {
			found[0].Title = "segments of the write-ahead log are missing: prometheus does not start"
			return found, nil
		}
	}
	lines, known := s.said("Encountered WAL read error", "corruption in segment", "segments are not sequential", "Deleting all segments newer than corrupted segment")
	n, metricErr := s.metric("prometheus_tsdb_wal_corruptions_total")
	if n > 0 || len(lines) > 0 {
		one := Finding{
			Level: Warn, Tag: "corrupt", Title: "the write-ahead log was damaged",
			Evidence: append([]Evidence{Number("prometheus_tsdb_wal_corruptions_total", n, "1")}, last(lines)...),
			Cause:    "Its last write was torn. Prometheus cut the log at the damage when it started; the samples after it are gone.",
			Fix:      "look for the cause: journalctl -k for errors of the disk, and for a kill",
		}
		if still, _ := s.said("corruption in segment", "segments are not sequential"); len(still) > 0 {
			one.Level, one.Cause, one.Fix = Fail, "A damaged segment keeps checkpoints from being made; the log grows until the disk is full.", s.repair()
		}
		found = append(found, one)
	}
	if metricErr != nil && !known && s.Running {
		return found, metricErr
	}
	return found, err
}
