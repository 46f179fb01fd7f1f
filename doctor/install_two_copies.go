package doctor

import "fmt"

func installTwoCopies() Check {
	const id = "install/two-copies"
	return Check{
		ID:    id,
		Title: "every component runs once on a host",
		Judge: perHost(id, judgeTwoCopies),
		Doc: Doc{
			Symptom:  "Two processes of one component on a host; `lock DB directory: resource temporarily unavailable`; the change in one config seems to have no effect.",
			Cause:    "A package and a tarball, or an old unit and a new one, both run.",
			Evidence: "Two running processes of the same kind; a failure when they share the data directory.",
			Fix:      "Stop and disable the one that is not wanted: `systemctl disable --now UNIT`. Do not delete a lock file: the lock is in the kernel.",
			Risk:     "stopping the wrong one stops the monitoring",
			Source:   "prometheus#4761",
		},
	}
}

// single are the kinds of which a second copy on a host is hardly ever wanted.
var single = []string{"prometheus", "alertmanager", "grafana", "loki", "node_exporter", "promtail", "alloy"}

func judgeTwoCopies(h Host) []Finding {
	var all []Finding
	for _, kind := range single {
		var running []Component
		for _, c := range h.Of(kind) {
			if c.Running {
				running = append(running, c)
			}
		}
		if len(running) < 2 {
			continue
		}
		f := Finding{Level: Note, Tag: kind, Title: fmt.Sprintf("%d copies of %s run", len(running), kind), Cause: "they were installed in two ways, or on purpose", Fix: "systemctl disable --now the one that is not wanted"}
		dirs := map[string]bool{}
		for _, c := range running {
			f.Evidence = append(f.Evidence, Says(c.Name, fmt.Sprintf("pid %d, %s, data %s", c.Process.PID, c.Process.Exe, orNone(c.dataDir()))))
			if d := c.dataDir(); d != "" && c.Flags["config"] == "" && dirs[d] && (kind == "prometheus" || kind == "alertmanager") {
				f.Level, f.Cause = Fail, "they share the data directory "+d
			}
			dirs[c.dataDir()] = true
		}
		if kind == "node_exporter" && f.Level == Note {
			f.Level, f.Cause = Warn, "two node_exporters give the same numbers twice; one is left over from another installation"
		}
		all = append(all, f)
	}
	return all
}

func orNone(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}
