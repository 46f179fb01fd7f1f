package doctor

import (
	"fmt"
	"strconv"
)

// tsdbRestarts finds a Prometheus that starts over and over.
func tsdbRestarts() Check {
	return Check{
		ID: "tsdb/restarts", Title: "Prometheus stays up",
		After: []string{"install/restarts", "install/unit-failed", "install/out-of-memory", "install/not-running", "tsdb/disk-space", "tsdb/ownership", "tsdb/shared-data", "tsdb/wal-corrupt", "tsdb/head-chunks", "tsdb/block-corrupt", "tsdb/series-growth"},
		On:    []string{"prometheus"}, Uses: []Shared{Journal},
		Judge: perServer("tsdb/restarts", judgeServerRestarts),
		Doc: Doc{
			Symptom:  "Gaps in every graph; `Start request repeated too quickly`; `Replaying WAL, this may take a while` again and again; `oom-kill`.",
			Cause:    "It is killed for want of memory while it replays its log, or a fatal error ends every start.",
			Evidence: "NRestarts and Result of the unit, and the last fatal line of the journal.",
			Fix:      "By the cause: more memory or a higher MemoryMax for the replay, room on the disk, owners. The data come last: monctl data inspect says whether they are the cause, monctl data repair cures them.",
			Risk:     "Moving the WAL aside loses up to three hours.",
			Source:   "systemd.service(5); prometheus#13939, #6934, #10015",
		},
	}
}

func judgeServerRestarts(s server) ([]Finding, error) {
	u, ok := s.Host.Unit(s.Unit)
	if !ok {
		return nil, nil // started by hand: nobody restarts it
	}
	n, err := strconv.Atoi(u.Get("NRestarts"))
	if err != nil {
		return nil, fmt.Errorf("systemd says %q for NRestarts of %s", u.Get("NRestarts"), s.Unit)
	}
	result := u.Get("Result")
	lines, _ := s.saidSince(0, append([]string{"oom-kill", "A process of this unit has been killed by the OOM killer", "Start request repeated too quickly"}, saysFatal...))
	if n < 3 && result != "oom-kill" && result != "start-limit-hit" {
		return nil, nil
	}
	found := Finding{
		Level: Warn, Title: fmt.Sprintf("prometheus was restarted %s", count(n, "time", "times")),
		Evidence: append([]Evidence{Number("NRestarts", float64(n), "1"), Says("Result", orUnknown(result))}, last(lines)...),
		Cause:    "Something ends it: the last fatal line of its journal says what.", Fix: "journalctl -u " + s.Unit + " -p err -b",
	}
	if result == "oom-kill" {
		found.Cause, found.Fix = "The kernel killed it for want of memory; the replay of its log needs as much again.", "give it more memory (MemoryMax, or swap for two hours), then find the job with most series in /api/v1/status/tsdb"
	}
	if !s.Running || result == "start-limit-hit" {
		found.Level = Fail
	}
	return []Finding{found}, nil
}
