package doctor

import (
	"fmt"
	"regexp"

	"github.com/monctl/monctl/fleet"
)

func installFileLimit() Check {
	const id = "install/file-limit"
	return Check{
		ID:    id,
		Title: "components are far from their limit of open files",
		Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Judge: perHost(id, judgeFileLimit),
		Doc: Doc{
			Symptom:  "`too many open files`, `accept4: too many open files`",
			Cause:    "LimitNOFILE= of the unit is too low for the number of blocks and connections.",
			Evidence: "The message in the journal since the last start, or process_open_fds and process_max_fds of the component's own metrics; a warning from 80 %.",
			Fix:      "A drop-in with `LimitNOFILE=65536` and a restart.",
			Risk:     "a restart of Prometheus replays its log",
			Source:   "systemd.exec(5) LimitNOFILE=",
		},
		Fix: func(all Fleet, f Finding) (Fix, bool) {
			unit, ok := unitOfFinding(all, f)
			dir := "/etc/systemd/system/" + unit + ".d"
			return Fix{
				Host: f.Host, Title: "raise the limit of open files of " + unit, Risk: "none until the restart",
				Steps: []Step{
					{Why: "65536 is what monctl's own units have", Run: "mkdir -p -- " + fleet.Quote(dir) + " && printf '[Service]\\nLimitNOFILE=65536\\n' >" + fleet.Quote(dir+"/monctl-files.conf")},
					{Why: "systemd reads it", Run: "systemctl daemon-reload"},
				},
				Then: "systemctl restart " + unit,
			}, ok
		},
	}
}

// outOfFiles is how Go programs and systemd's children say EMFILE (errno(3)).
var outOfFiles = regexp.MustCompile(`(?i)too many open files`)

func judgeFileLimit(h Host) []Finding {
	var all []Finding
	for _, c := range h.Components {
		if h.stopped(c) {
			continue
		}
		for _, f := range c.fileLimit(h.heard(c.Unit, settled, outOfFiles)) {
			f.Component = c.Name
			all = append(all, f)
		}
	}
	return all
}

func (c Component) fileLimit(complaint said) []Finding {
	const cause = "every block, connection and log file needs one; at the limit nothing can be opened any more"
	fix := "a drop-in with LimitNOFILE=65536, then " + c.restart()
	open, counted := c.Metrics.Sum("process_open_fds")
	limit, limited := c.Metrics.Sum("process_max_fds")
	if !limited {
		limit = float64(c.Process.Files)
	}
	full := counted && limited && limit > 0
	switch {
	case complaint.times > 0:
		return one(Fail, c.Name+" cannot open more files"+ofLimit(limit), cause, fix, complaint.evidence(c.Unit)...)
	case full && open >= 0.8*limit:
		level := Warn
		if open > 0.95*limit {
			level = Fail
		}
		return one(level, fmt.Sprintf("%s has %.0f of %.0f files open", c.Name, open, limit), cause, fix, Number("open files", open, "1"), Number("limit", limit, "1"))
	case c.Running && len(c.Metrics) == 0:
		return unsure("cannot tell: its metrics could not be read", c.whyNoMetrics())
	}
	return nil
}

func ofLimit(limit float64) string {
	if limit <= 0 {
		return ""
	}
	return fmt.Sprintf(": its limit is %.0f", limit)
}
