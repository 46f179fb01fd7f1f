package doctor

import (
	"regexp"
	"strings"
)

func installOutOfMemory() Check {
	const id = "install/out-of-memory"
	return Check{
		ID:    id,
		Title: "the kernel killed nothing of the stack for memory",
		Probe: `
if command -v journalctl >/dev/null; then log() { journalctl -k -b -q --no-pager -n 4000 -o short-monotonic; }; else log() { dmesg; }; fi
log | grep -iE 'killed process|oom-kill:|memory cgroup out of memory' | tail -n 20 | while IFS= read -r line; do echo "kill=$line"; done
echo done=yes`,
		Limit: 6,
		Judge: perHost(id, judgeOutOfMemory),
		Doc: Doc{
			Symptom:  "`Out of memory: Killed process 1234 (prometheus)`; the unit's Result is oom-kill; a loop while `Replaying WAL`.",
			Cause:    "The host or the unit's MemoryMax= is too small; Prometheus' replay needs as much as the head had.",
			Evidence: "Kernel log since boot, and Result of the unit.",
			Fix:      "Add memory or swap for the replay, find the job with exploding cardinality (TSDB status page), set sample_limit.",
			Risk:     "none",
			Source:   "prometheus#13939, #6934",
		},
	}
}

var killedProcess = regexp.MustCompile(`(?i)killed process \d+ \(([^)]+)\)`)

func judgeOutOfMemory(h Host) []Finding {
	var all []Finding
	for _, c := range h.Components {
		u, _ := h.Unit(c.Unit)
		var line string
		for _, k := range h.Probes["install/out-of-memory"].All("kill") {
			if m := killedProcess.FindStringSubmatch(k); m != nil && c.calledBy(m[1]) {
				line = k
			}
		}
		if line == "" && u.Get("Result") != "oom-kill" {
			continue
		}
		f := Finding{
			Component: c.Name, Level: Warn, Title: "the kernel killed " + c.Name + " because memory ran out", Cause: "the host, or MemoryMax= of the unit, is too small for it",
			Fix: "add memory, or lower what " + c.Kind + " keeps in it", Evidence: []Evidence{Says("result of the unit", u.Get("Result")), Number("memory of the host", float64(h.Facts.Memory.Total), "bytes")},
		}
		if line != "" {
			f.Evidence = append(f.Evidence, Says("kernel log", shortened(line, 200)))
		}
		if !c.Running {
			f.Level = Fail
		} else if age, ok := h.activeFor(u); ok && age > 24*settled {
			f.Level = Note
		}
		all = append(all, f)
	}
	return all
}

// calledBy says whether a process name of at most 15 characters is this component's.
func (c Component) calledBy(comm string) bool {
	if c.Process.Comm != "" {
		return c.Process.Comm == comm
	}
	kind := strings.ReplaceAll(c.Kind, "-", "_")
	comm = strings.TrimPrefix(strings.ReplaceAll(comm, "-", "_"), "prometheus_")
	return comm != "" && (comm == kind || len(comm) >= 4 && strings.HasPrefix(kind, comm))
}
