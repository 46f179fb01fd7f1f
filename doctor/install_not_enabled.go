package doctor

import "github.com/monctl/monctl/fleet"

func installNotEnabled() Check {
	const id = "install/not-enabled"
	return Check{
		ID:    id,
		Title: "components start with the host",
		Judge: perHost(id, judgeNotEnabled),
		Doc: Doc{
			Symptom:  "After a reboot nothing listens on the port; `systemctl is-enabled` says disabled.",
			Cause:    "The unit was started and never enabled.",
			Evidence: "UnitFileState of the unit of a running process is `disabled`.",
			Fix:      "`systemctl enable UNIT`",
			Risk:     "none: nothing is started or stopped now",
			Source:   "systemctl(1) is-enabled",
		},
		Fix: func(all Fleet, f Finding) (Fix, bool) {
			unit, ok := unitOfFinding(all, f)
			return Fix{
				Host: f.Host, Title: "start " + unit + " with the host", Risk: "none: nothing is started or stopped now",
				Steps: []Step{{Why: "the unit runs and is not enabled", Run: "systemctl enable " + quoteUnit(unit)}},
			}, ok
		},
	}
}

func judgeNotEnabled(h Host) []Finding {
	var all []Finding
	for _, c := range h.Components {
		u, ok := h.Unit(c.Unit)
		if !ok || !c.Running || u.Get("UnitFileState") != "disabled" {
			continue
		}
		all = append(all, Finding{
			Component: c.Name, Level: Warn, Title: c.Unit + " does not start with the host", Cause: "it was started and not enabled",
			Fix: "systemctl enable " + c.Unit, Evidence: []Evidence{Says("systemctl is-enabled", u.Get("UnitFileState"))},
		})
	}
	return all
}

// quoteUnit keeps a unit name one word, and from being taken for an option.
func quoteUnit(unit string) string { return "-- " + fleet.Quote(unit) }
