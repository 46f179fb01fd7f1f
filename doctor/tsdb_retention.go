package doctor

import (
	"errors"
	"fmt"
	"time"

	"github.com/monctl/monctl/fleet"
)

func quote(word string) string { return fleet.Quote(word) }

// defaultRetention holds when neither time nor size is set (cmd/prometheus/main.go defaultRetentionDuration).
const defaultRetention = 15 * 24 * time.Hour

// keeps is the retention by time in force: the configuration file goes before the flag, where it may be set (3.8). 0 is
// without end.
func (s server) keeps() (time.Duration, error) {
	flags, err := s.flags()
	if err != nil {
		return 0, err
	}
	c, err := s.config()
	if err != nil && s.Running {
		return 0, err
	}
	if set := c.Storage.TSDB.Retention.Time; set != "" {
		return duration(set), nil
	}
	if d, given := flags["retention"]; given { // of the bundled monitor, where 0 is without end
		return duration(d), nil
	}
	for _, name := range []string{"storage.tsdb.retention.time", "storage.tsdb.retention"} {
		if d := duration(flags[name]); d > 0 {
			return d, nil
		}
	}
	if sizeSet(flags["storage.tsdb.retention.size"]) || sizeSet(c.Storage.TSDB.Retention.Size) {
		return 0, nil
	}
	return defaultRetention, nil
}

// Retention is the retention by time in force at a Prometheus that was asked for its flags and configuration; 0 is without end.
func (h Host) Retention(c Component) (time.Duration, error) {
	return server{Component: c, Host: h}.keeps()
}

func sizeSet(size string) bool { return size != "" && size != "0" && size != "0B" }

// flags are those in force, by the API; of the command line when it does not run.
func (s server) flags() (map[string]string, error) {
	if !s.Running && len(s.Flags) > 0 {
		return s.Flags, nil
	}
	flags, err := answer[map[string]string](s, askFlags)
	if err == nil && len(flags) == 0 {
		err = errors.New(askFlags + ": the answer has no flags")
	}
	return flags, err
}

// tsdbRetention finds a retention that is not what its owner thinks.
func tsdbRetention() Check {
	return Check{
		ID: "tsdb/retention", Title: "history is kept as long as intended",
		After: []string{"tsdb/answers"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe}, Needs: []Shared{Metrics},
		Ask:   asks(askFlags, askConfig, askRuntime),
		Judge: perDatabase("tsdb/retention", judgeRetention),
		Doc: Doc{
			Symptom:  "Graphs end earlier than the retention that was asked for.",
			Cause:    "The flag on the command line and storage.tsdb.retention of the configuration file differ (the file wins) or a limit by size is reached first.",
			Evidence: "/api/v1/status/flags, /api/v1/status/config and runtimeinfo, prometheus_tsdb_size_retentions_total and the oldest sample.",
			Fix:      "Set it in one place, then systemctl daemon-reload and restart.",
			Risk:     "A shorter retention deletes at the next compaction; a longer one brings nothing back.",
			Source:   "prometheus docs/storage.md, docs/configuration/configuration.md (tsdb retention)",
		},
	}
}

func judgeRetention(s server) ([]Finding, error) {
	keep, err := s.keeps()
	if err != nil {
		return nil, err
	}
	flags, err := s.flags()
	if err != nil {
		return nil, err
	}
	c, _ := s.config()
	set, flag := c.Storage.TSDB.Retention.Time, flags["storage.tsdb.retention.time"]
	var found []Finding
	if set != "" && duration(flag) > 0 && duration(flag) != duration(set) {
		found = append(found, Finding{
			Level: Warn, Tag: "twice", Title: fmt.Sprintf("history is kept %s, not the %s of the flag", set, flag),
			Evidence: []Evidence{Says("configuration file", set), Says("--storage.tsdb.retention.time", flag)},
			Cause:    "The configuration file goes before the flag.", Fix: "take --storage.tsdb.retention.time off the command line",
		})
	}
	return append(found, bySize(s, keep)...), nil
}

// bySize finds a limit by size that is reached long before the one by time.
func bySize(s server, keep time.Duration) []Finding {
	oldest, err := s.metric("prometheus_tsdb_lowest_timestamp_seconds")
	now, _, clockErr := s.clock(askRuntime)
	cut := s.counter("prometheus_tsdb_size_retentions_total")
	if err != nil || clockErr != nil || cut == 0 || keep == 0 {
		return nil
	}
	has := now.Sub(time.Unix(int64(oldest), 0))
	if has >= keep*9/10 {
		return nil
	}
	return []Finding{{
		Level: Warn, Tag: "size", Title: fmt.Sprintf("history reaches back %s, not the %s asked for", span(has), span(keep)),
		Evidence: []Evidence{
			Number("blocks were deleted for their size, times", cut, "1"),
			Number("limit", s.counter("prometheus_tsdb_retention_limit_bytes"), "bytes"), Number("used", s.counter("prometheus_tsdb_storage_blocks_bytes"), "bytes"),
		},
		Cause: "The limit by size is reached before the one by time.", Fix: "raise retention.size if the disk allows, or lower the number of series",
	}}
}
