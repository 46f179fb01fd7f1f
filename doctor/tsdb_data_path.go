package doctor

import (
	"fmt"
	"path"
	"strings"
)

// tsdbDataPath finds a Prometheus that keeps its data elsewhere than people think. Its probe looks at all data folders.
func tsdbDataPath() Check {
	return Check{
		ID: dataProbe, Title: "the data is where it is thought to be",
		On: []string{"prometheus"}, Probe: dataScript, Limit: 8,
		Judge: perDatabase(dataProbe, judgeDataPath),
		Doc: Doc{
			Symptom:  "History is empty after a restart or a move; a deleted or copied folder changes nothing.",
			Cause:    "--storage.tsdb.path is relative (data/ by default) and counts from the folder that the process was started in; or the unit names another folder than the running process; or an older installation's data lies unused.",
			Evidence: "The folder that the process has open, its command line, the ExecStart of the unit, and other folders that look like a TSDB.",
			Fix:      "Give an absolute --storage.tsdb.path. Data of an old folder can be moved in while Prometheus is stopped.",
			Risk:     "None for looking.",
			Source:   "prometheus cmd/prometheus/main.go (storage.tsdb.path)",
		},
	}
}

func judgeDataPath(s server) ([]Finding, error) {
	d, err := s.data()
	if err != nil {
		return nil, err
	}
	if d.Missing {
		return []Finding{{
			Level: Fail, Tag: "missing", Title: "the data folder does not exist", Evidence: []Evidence{Says("folder", d.Path)},
			Cause: "It was moved or deleted, or its disk is not mounted.", Fix: "find out whether a disk is not mounted: systemctl list-units --failed '*.mount'",
		}}, nil
	}
	var found []Finding
	named := s.Flags["storage.tsdb.path"]
	builtIn := named == "" && path.Clean(d.Path) != path.Join(s.Process.Dir, "data") // an absolute default, as Debian's
	if s.Running && !builtIn && !strings.HasPrefix(named, "/") {
		found = append(found, Finding{
			Level: Note, Tag: "relative", Title: "where the data lies depends on where prometheus is started",
			Evidence: []Evidence{Says("--storage.tsdb.path", orDefault(named)), Says("folder now", d.Path)},
			Cause:    "The path is relative: started from another folder, prometheus begins with an empty history.", Fix: "start it with --storage.tsdb.path=" + quote(path.Clean(d.Path)),
		})
	}
	u, _ := s.Host.Unit(s.Unit)
	if unit := FlagOf(u.Get("ExecStart"), "storage.tsdb.path"); s.Running && unit != "" && path.Clean(unit) != path.Clean(d.Path) {
		found = append(found, Finding{
			Level: Warn, Tag: "unit", Title: "the unit names another data folder than the running process has",
			Evidence: []Evidence{Says("unit", unit), Says("process", d.Path)},
			Cause:    "The unit was changed after the start: the next start begins with the other folder.", Fix: "decide which is right before anything restarts prometheus",
		})
	}
	return append(found, unused(s, d)...), nil
}

// unused finds data that no process has, and that is more than this one's.
func unused(s server, mine dataDir) []Finding {
	dirs, others, _ := s.Host.dataDirs()
	used := map[string]bool{}
	for _, d := range dirs {
		used[d.ID] = true
	}
	var found []Finding
	for _, o := range others {
		if used[o.ID] || o.Blocks <= len(mine.Blocks) {
			continue
		}
		used[o.ID] = true
		found = append(found, Finding{
			Level: Note, Tag: "other " + o.Path, Title: "an unused data folder holds more history than the one in use",
			Evidence: []Evidence{
				Says("unused", fmt.Sprintf("%s, %d blocks, changed %s", o.Path, o.Blocks, stamp(o.Changed))),
				Says("in use", fmt.Sprintf("%s, %d blocks", mine.Path, len(mine.Blocks))),
			},
			Cause: "It is from another installation, or --storage.tsdb.path was changed.", Fix: "none needed; with prometheus stopped its blocks can be moved into the folder in use",
		})
	}
	return found
}

func orDefault(flag string) string {
	if flag == "" {
		return "data/ (the default)"
	}
	return flag
}

// FlagOf finds the value of a flag in a command line as systemctl shows it; "" when it has none.
func FlagOf(line, name string) string {
	words := strings.Fields(line)
	for i, w := range words {
		w = strings.TrimLeft(w, "-")
		if value, ok := strings.CutPrefix(w, name+"="); ok {
			return strings.Trim(value, `"';`)
		}
		if w == name && i+1 < len(words) {
			return words[i+1]
		}
	}
	return ""
}
