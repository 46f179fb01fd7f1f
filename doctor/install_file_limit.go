package doctor

import (
	"fmt"

	"github.com/monctl/monctl/fleet"
)

func installFileLimit() Check {
	const id = "install/file-limit"
	return Check{
		ID:    id,
		Title: "components are far from their limit of open files",
		Needs: []Shared{Metrics},
		Judge: perMetered(id, anyComponent, func(_ Host, c Component) []Finding {
			open, ok := c.Metrics.Sum("process_open_fds")
			limit, both := c.Metrics.Sum("process_max_fds")
			if !ok || !both || limit <= 0 || open < 0.8*limit {
				return nil
			}
			level := Warn
			if open > 0.95*limit {
				level = Fail
			}
			return one(level, fmt.Sprintf("%s has %.0f of %.0f files open", c.Name, open, limit), "every block, connection and log file needs one; at the limit nothing can be opened any more",
				"a drop-in with LimitNOFILE=65536, then "+c.restart(), Number("open files", open, "1"), Number("limit", limit, "1"))
		}),
		Doc: Doc{
			Symptom:  "`too many open files`, `accept4: too many open files`",
			Cause:    "LimitNOFILE= of the unit is too low for the number of blocks and connections.",
			Evidence: "process_open_fds and process_max_fds of the component's own metrics; a warning from 80 %.",
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
