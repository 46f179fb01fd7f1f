package doctor

import (
	"fmt"
	"strings"
)

func scrapeRemoteWrite() Check {
	return Check{
		ID: "scrape/remote-write", Title: "remote write keeps up",
		After: []string{downAfter, "tsdb/head-in-future", "clock/offset"},
		Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Ask:   asks(askConfig, askTargets, askRuntime, askEarlier),
		Judge: perServer("scrape/remote-write", judgeRemoteWrite),
		Doc: Doc{
			Symptom:  "The central server has no data of this one; `Failed to send batch, retrying`, `non-recoverable error` in the log.",
			Cause:    "The receiver cannot be reached, refuses (4xx: credentials, limits, out of bounds), or is too slow.",
			Evidence: "prometheus_remote_storage_samples_failed_total and _samples_retried_total over ten minutes, and the time of the newest sample sent against the newest read.",
			Fix:      "What the message in the journal names. What waits in the WAL is sent for about two hours, then it is lost.",
			Risk:     "None.",
			Source:   "prometheus storage/remote/queue_manager.go; mixin PrometheusRemoteWriteBehind (120 s), PrometheusRemoteStorageFailures",
		},
	}
}

func judgeRemoteWrite(s server) ([]Finding, error) {
	c, err := s.config()
	if err != nil || len(c.RemoteWrite) == 0 {
		return nil, err
	}
	newest, err := s.metric("prometheus_remote_storage_highest_timestamp_in_seconds")
	if err != nil {
		return nil, err
	}
	lines, _ := s.said("Failed to send batch", "non-recoverable error")
	var found []Finding
	for _, name := range []string{"prometheus_remote_storage_samples_failed_total", "prometheus_remote_storage_samples_retried_total"} {
		if by, known := s.rise(name); known && by > 0 {
			what := map[bool]string{true: "are refused by the receiver and lost", false: "cannot be sent and wait"}[strings.Contains(name, "failed")]
			found = append(found, Finding{
				Level: Fail, Tag: name, Title: fmt.Sprintf("samples %s", what), Evidence: append([]Evidence{Number(name, by, "1"), Says("receiver", redactURL(c.RemoteWrite[0].URL))}, last(lines)...),
				Cause: "The receiver refuses, or cannot be reached.", Fix: s.log("remote"),
			})
		}
	}
	if age, known := s.age(); known && age < 180 {
		return found, nil // it reads what its log holds first
	}
	for series, sent := range s.Metrics {
		if !strings.HasPrefix(series, "prometheus_remote_storage_queue_highest_sent_timestamp_seconds") || newest == 0 || newest-sent < 120 {
			continue
		}
		found = append(found, Finding{
			Level: Fail, Tag: "behind", Title: "remote write is behind by " + behind(newest, sent), Evidence: append([]Evidence{Number("behind", min(newest-sent, newest), "s"), Says("receiver", redactURL(labelOf(series, "url")))}, last(lines)...),
			Cause: "The receiver does not take samples, or not as fast as they come.", Fix: s.log("remote"),
		})
	}
	return found, nil
}

func redactURL(url string) string { return secretURL.ReplaceAllString(url, "$1***$3") }

func behind(newest, sent float64) string {
	if sent <= 0 {
		return "everything: nothing was ever sent"
	}
	return fmt.Sprintf("%.0f s", newest-sent)
}
