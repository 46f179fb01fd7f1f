package doctor

import "regexp"

func installUnfinished() Check {
	const id = "install/unfinished"
	return Check{
		ID:    id,
		Title: "no run of monctl was cut short on the host",
		Root:  true,
		Probe: `
open=/var/lib/monctl/.host/journal/open
[ -d "$open" ] && echo "state=$(head -c 100 "$open/state" | head -n 1)" && echo "id=$(tail -n 1 "$open/id" | head -c 100)"
if [ -e /run/monctl/lock ] && grep -q ":$(stat -c %i /run/monctl/lock) " /proc/locks; then echo lock=held; fi
echo done=yes`,
		Judge: perHost(id, judgeUnfinished),
		Doc: Doc{
			Symptom:  "A component is half-way between two versions; a configuration belongs to none.",
			Cause:    "The connection or monctl itself ended in the middle of an install, and nothing has played the journal back yet.",
			Evidence: "monctl's journal on the host is open, and no monctl holds the lock of the host.",
			Fix:      "Run `monctl install` again: it finishes or plays back what was begun.",
			Risk:     "low",
			Source:   "monctl's own journal on the host",
		},
	}
}

var safeWord = regexp.MustCompile(`^[\w.:-]*$`)

func judgeUnfinished(h Host) []Finding {
	a := h.Probes["install/unfinished"]
	if a.Get("state") == "" || a.Get("lock") == "held" {
		return nil
	}
	run := a.Get("id")
	if !safeWord.MatchString(run) {
		run = "?"
	}
	return one(Warn, "a run of monctl was cut short", "its changes are neither finished nor taken back", "monctl install", Says("open journal", a.Get("state")), Says("run", run))
}
