package doctor

import "strings"

func installStaleBinary() Check {
	const id = "install/stale-binary"
	return Check{
		ID:    id,
		Title: "processes run the program that is on the disk",
		Root:  true,
		Judge: perComponent(id, anyComponent, func(_ Host, c Component) []Finding {
			path, gone := strings.CutSuffix(c.Process.Exe, " (deleted)")
			if !gone {
				return nil
			}
			return one(Warn, c.Name+" still runs a program file that was replaced or removed", "an upgrade put a new file in its place and did not restart it",
				c.restart(), Says("/proc/PID/exe", path+" (deleted)"))
		}),
		Doc: Doc{
			Symptom:  "The version on the page is the old one after an upgrade; a security fix has no effect.",
			Cause:    "The file was replaced under a running process. When it was removed, the next start fails.",
			Evidence: "/proc/PID/exe ends in `(deleted)`.",
			Fix:      "Restart the unit.",
			Risk:     "a restart of Prometheus replays its log, which may take minutes",
			Source:   "proc(5) /proc/pid/exe",
		},
	}
}

// anyComponent matches every kind that monctl knows by name, and every exporter.
var anyComponent = []string{"prometheus", "alertmanager", "grafana", "loki", "promtail", "alloy", "pushgateway", "*_exporter"}
