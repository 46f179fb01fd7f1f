package doctor

import (
	"strconv"
	"time"
)

// settled is how long a unit must have run since its last automatic restart to count as recovered.
const settled = time.Hour

func installRestarts() Check {
	const id = "install/restarts"
	return Check{
		ID:    id,
		Title: "components do not crash and come back",
		After: []string{"install/out-of-memory", "install/disk", "install/unit-failed", "install/file-limit"},
		Own:   true,
		Needs: []Shared{Journal},
		Judge: perHost(id, judgeRestarts),
		Doc: Doc{
			Symptom:  "Gaps in graphs; `Scheduled restart job, restart counter is at N`; everything looks well a moment later.",
			Cause:    "The program ends by itself or is killed, and `Restart=` brings it back.",
			Evidence: "NRestarts of the unit (systemd counts automatic restarts only) and how long it has been active since; the last error in its journal.",
			Fix:      "Read what it said before it ended: `journalctl -u UNIT -e`. Restarts that lie more than an hour back are a note.",
			Risk:     "none",
			Source:   "systemctl show -p NRestarts (systemd 235 and later)",
		},
	}
}

func judgeRestarts(h Host) []Finding {
	var all []Finding
	for _, c := range h.Components {
		u, ok := h.Unit(c.Unit)
		n, err := strconv.Atoi(u.Get("NRestarts"))
		if !ok || err != nil || n == 0 || !c.Running {
			continue
		}
		f := Finding{
			Component: c.Name, Level: Warn, Title: c.Unit + " crashed and was restarted " + count(n, "time", "times"),
			Cause: "it ends by itself, and systemd starts it again", Fix: "journalctl -u " + c.Unit + " -e",
			Evidence: []Evidence{Number("automatic restarts", float64(n), "1")},
		}
		if age, ok := h.activeFor(u); ok {
			f.Evidence = append(f.Evidence, Number("running since then for", age.Round(time.Second).Seconds(), "s"))
			if age > settled {
				f.Level = Note
			}
			if now := h.Facts.Clock.Time; !now.IsZero() {
				f.Since = now.Add(-age)
			}
		}
		if e, ok := h.lastError(c.Unit); ok {
			f.Evidence = append(f.Evidence, Says("journal of "+c.Unit, masked(e.Text)))
		}
		all = append(all, f)
	}
	return all
}

// activeFor says how long a unit has been active, by the clock since boot.
func (h Host) activeFor(u Unit) (time.Duration, bool) {
	us, err := strconv.ParseInt(u.Get("ActiveEnterTimestampMonotonic"), 10, 64)
	if err != nil || us == 0 || h.Facts.Clock.Uptime == 0 {
		return 0, false
	}
	return max(0, h.Facts.Clock.Uptime-time.Duration(us)*time.Microsecond), true
}
