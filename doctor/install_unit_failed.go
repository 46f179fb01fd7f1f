package doctor

import (
	"fmt"
	"regexp"
	"strings"
)

func installUnitFailed() Check {
	const id = "install/unit-failed"
	return Check{
		ID:    id,
		Title: "the units of the stack start",
		After: []string{
			"install/binary", "install/arch", "install/libc", "install/selinux", "install/user", "install/config-readable", "install/port-taken",
			"install/out-of-memory", "install/disk", "install/inodes", "install/read-only", "install/unfinished", "install/privileged-port",
			"install/two-copies", "install/file-limit", "alertmanager/config", "alertmanager/advertise", "grafana/database", "grafana/provisioning", "loki/schema", "mysqld/client-config",
			"mysqld/data-source-name", "tsdb/ownership", "tsdb/shared-data", "tsdb/disk-space", "tsdb/filesystem", "tsdb/wal-corrupt",
			"tsdb/head-chunks", "tsdb/block-corrupt", "scrape/config-reload",
		},
		Own:   true,
		Needs: []Shared{Journal},
		Judge: perHost(id, judgeUnitFailed),
		Doc: Doc{
			Symptom:  "systemctl says failed, activating (auto-restart), or `Start request repeated too quickly`; the component's page does not answer.",
			Cause:    "The program ends right after it was started. With `start-limit-hit` systemd gave up after 5 starts in 10 s; the real error is earlier in the journal.",
			Evidence: "ActiveState, SubState, Result and ExecMainStatus of the unit, and the last line of its journal that names an error.",
			Fix:      "Cure what the journal names, then `systemctl reset-failed UNIT && systemctl start UNIT`.",
			Risk:     "low",
			Source:   "systemd.unit(5) StartLimitIntervalSec=, systemd.exec(5) process exit codes",
		},
	}
}

func judgeUnitFailed(h Host) []Finding {
	var all []Finding
	for _, c := range h.Components {
		u, ok := h.Unit(c.Unit)
		if !ok || c.Running && u.Get("ActiveState") == "active" {
			continue
		}
		state, result := u.Get("ActiveState"), u.Get("Result")
		trying := u.Get("SubState") == "auto-restart" || state == "activating" && u.Get("NRestarts") != "" && u.Get("NRestarts") != "0"
		if state != "failed" && !trying {
			continue
		}
		f := Finding{
			Component: c.Name, Level: Fail, Title: fmt.Sprintf("%s does not start", c.Unit), Cause: startCause(u),
			Fix: "systemctl reset-failed " + c.Unit + " && systemctl start " + c.Unit + ", once the cause is cured",
			Evidence: []Evidence{
				Says("state", strings.Join([]string{state, u.Get("SubState"), result}, ", ")),
				Says("exit status", u.Get("ExecMainStatus")),
				Says("restarts", u.Get("NRestarts")),
			},
		}
		if reason, ok := h.lastError(c.Unit); ok {
			f.Evidence, f.Since = append(f.Evidence, Says("journal of "+c.Unit, masked(reason.Text))), reason.At
		}
		all = append(all, f)
	}
	return all
}

// startCause explains what systemd keeps of the last run. The numbers are of systemd.exec(5).
func startCause(u Unit) string {
	switch u.Get("ExecMainStatus") {
	case "203":
		return "the program could not be executed (203/EXEC): it is missing, not executable, for another machine, or not allowed"
	case "217":
		return "the user of the unit does not exist (217/USER)"
	case "200":
		return "the working directory of the unit does not exist (200/CHDIR)"
	case "226":
		return "the file system view of the unit could not be set up (226/NAMESPACE): a path in ReadWritePaths= is missing"
	}
	switch u.Get("Result") {
	case "oom-kill":
		return "the kernel killed it because memory ran out"
	case "start-limit-hit":
		return "it failed so often that systemd gave up; the first error in the journal is the reason"
	case "timeout":
		return "it did not say in time that it was ready"
	case "signal":
		return "it was killed by signal " + u.Get("ExecMainStatus")
	}
	return "the program ended by itself with status " + u.Get("ExecMainStatus") + "; its journal says why"
}

var (
	errorWords = regexp.MustCompile(`(?i)\berr(or)?\b|\bfatal\b|\bpanic\b|failed|cannot|could not|unable|denied|refused|invalid|in use|no such|not found|killed`)
	// unitNoise is what systemd says about every failure, without a reason.
	unitNoise = regexp.MustCompile(`: (Main process exited|Failed with result|Scheduled restart job|Start request repeated|Consumed|Control process exited|Service hold-off)|^(Started|Starting|Stopped|Stopping|Failed to start) `)
)

// lastError is the last line of a unit that sounds like the reason of a failure.
func (h Host) lastError(unit string) (Entry, bool) {
	for i := len(h.Journal) - 1; i >= 0; i-- {
		e := h.Journal[i]
		if e.Unit == unit && unit != "" && !unitNoise.MatchString(e.Text) && (e.Priority <= 3 && e.Priority > 0 || errorWords.MatchString(e.Text)) {
			return e, true
		}
	}
	return Entry{}, false
}
