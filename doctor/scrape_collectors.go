package doctor

import (
	"slices"
	"strings"
)

func scrapeCollectors() Check {
	return Check{
		ID: "scrape/collectors", Title: "node_exporter's collectors work",
		After: []string{"install/not-running", "install/unit-failed", "install/file-limit"},
		On:    []string{"node_exporter"}, Needs: []Shared{Metrics},
		Judge: perComponent("scrape/collectors", []string{"node_exporter"}, judgeCollectors),
		Doc: Doc{
			Symptom:  "The target is UP and some metrics are missing; `collector failed` in its log.",
			Cause:    "A collector fails: it may not read what it needs, a mount hangs, or a .prom file of the textfile collector is wrong.",
			Evidence: "node_scrape_collector_success of the collectors that every host has something for, and node_textfile_scrape_error. Others (bonding, nfs, zfs, …) say 0 where there is nothing to collect.",
			Fix:      "What the log of node_exporter says; ProtectHome=read-only where it may not see /home.",
			Risk:     "None.",
			Source:   "node_exporter collector/collector.go, collector/textfile.go",
		},
	}
}

// everywhere lists the collectors that have something to collect on every Linux host.
var everywhere = []string{"cpu", "diskstats", "filefd", "filesystem", "loadavg", "meminfo", "netdev", "stat", "systemd", "textfile", "time", "uname", "vmstat"}

func judgeCollectors(_ Host, c Component) []Finding {
	success := c.Metrics.by("node_scrape_collector_success", "collector")
	if len(success) == 0 {
		return unsure("cannot tell whether its collectors work", "its /metrics was not read, or has no node_scrape_collector_success")
	}
	var failed []string
	for _, name := range sortedKeys(success) {
		if success[name] == 0 && slices.Contains(everywhere, name) {
			failed = append(failed, name)
		}
	}
	var found []Finding
	if len(failed) > 0 {
		found = one(Warn, "collectors fail: "+strings.Join(failed, ", "), "They may not read what they need, or it does not answer.",
			"journalctl -u "+orUnknown(c.Unit)+" | grep 'collector failed'", Number("collectors that fail", float64(len(failed)), "1"))
	}
	if n, _ := c.Metrics.Sum("node_textfile_scrape_error"); n > 0 {
		text := one(Warn, "a .prom file of the textfile collector is wrong", "A file has a line that is no metric, a time stamp, or is not readable; its metrics are missing.",
			"promtool check metrics < FILE for each file in --collector.textfile.directory", Number("node_textfile_scrape_error", n, "1"))
		text[0].Tag = "textfile"
		found = append(found, text...)
	}
	return found
}
