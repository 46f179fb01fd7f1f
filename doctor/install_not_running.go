package doctor

import "slices"

func installNotRunning() Check {
	const id = "install/not-running"
	return Check{
		ID:    id,
		Title: "what should run is running",
		After: []string{"install/unit-failed", "install/unfinished", "tsdb/stopped-ahead", "tsdb/blocks-in-future"},
		Judge: perHost(id, judgeNotRunning),
		Doc: Doc{
			Symptom:  "`Active: inactive (dead)` for a unit that is enabled, or a component that the inventory names is nowhere on the host.",
			Cause:    "Somebody stopped it, its unit is masked, or it was never installed.",
			Evidence: "No process of the component, and a unit that is enabled, or the inventory's list for the host.",
			Fix:      "`systemctl start UNIT`, or `monctl install`.",
			Risk:     "low: it may have been stopped on purpose",
			Source:   "systemctl(1) is-enabled",
		},
		Fix: func(fleet Fleet, f Finding) (Fix, bool) {
			unit, ok := unitOfFinding(fleet, f)
			if f.Tag != "stopped" || !ok {
				return Fix{}, false
			}
			return Fix{
				Host: f.Host, Title: "start " + unit, Risk: "low: it may have been stopped on purpose",
				Steps: []Step{{Why: "the unit is enabled and does not run", Run: "systemctl start " + quoteUnit(unit)}},
			}, true
		},
	}
}

func judgeNotRunning(h Host) []Finding {
	var all []Finding
	for _, c := range h.Components {
		u, ok := h.Unit(c.Unit)
		if !ok || c.Running || u.Get("ActiveState") != "inactive" || h.runs(c.Kind) {
			continue
		}
		enabled := slices.Contains([]string{"enabled", "enabled-runtime"}, u.Get("UnitFileState"))
		if !enabled && !slices.Contains(h.Wants, c.Kind) {
			continue
		}
		level := Fail
		all = append(all, Finding{
			Component: c.Name, Level: level, Tag: "stopped", Title: c.Unit + " is stopped",
			Cause: "nothing failed: it was stopped, or never started since boot", Fix: "systemctl start " + c.Unit,
			Evidence: []Evidence{Says("state", u.Get("ActiveState")+", "+u.Get("UnitFileState"))},
		})
	}
	for _, want := range h.Wants {
		if len(h.Of(want)) == 0 && !h.replaced(want) {
			all = append(all, Finding{
				Level: Fail, Tag: "missing " + want, Title: want + " is not installed", Cause: "the inventory puts it on this host and there is no process and no unit of it",
				Fix: "monctl install", Evidence: []Evidence{Says("inventory", want)},
			})
		}
	}
	return all
}

// replaced says that monctl put another component in the place of a kind, by the host's own record.
func (h Host) replaced(kind string) bool {
	return slices.ContainsFunc(h.Components, func(c Component) bool { return c.Manifest != nil && slices.Contains(c.Manifest.InPlaceOf, kind) })
}

// stopped says that somebody stopped a unit: what it said before does not keep it from starting.
func (h Host) stopped(c Component) bool {
	u, ok := h.Unit(c.Unit)
	return ok && !c.Running && u.Get("ActiveState") == "inactive"
}

// runs says whether some component of a kind runs on the host.
func (h Host) runs(kind string) bool {
	return slices.ContainsFunc(h.Components, func(c Component) bool { return c.Kind == kind && c.Running })
}
