package doctor

import "strings"

// clockComponent finds a process that sees another time than its host.
func clockComponent() Check {
	return Check{
		ID: "clock/component", Title: "components see the clock of their host", Needs: []Shared{Clocks},
		On: []string{"prometheus", "grafana", "alertmanager", "loki"}, After: []string{"clock/shifted"}, Judge: judgeComponentClock,
		Doc: Doc{
			Symptom:  "The host's clock is right, and a component's own answers show another time.",
			Cause:    "The process was started with a shifted clock (libfaketime), or something else answers on its port: a proxy to another machine.",
			Evidence: "time() of Prometheus to the millisecond, or the Date header to the second, against the host's clock.",
			Fix:      "Start it without the shift; look what listens on the port.",
			Risk:     "Low.",
			Source:   "libfaketime(1)",
		},
	}
}

func judgeComponentClock(f Fleet) []Finding {
	var found []Finding
	for _, h := range f.Hosts {
		for _, c := range h.Of("prometheus", "grafana", "alertmanager", "loki") {
			off, known := differs(c.Clock, h.Clock)
			if !known || !off.Outside(f.Settings.OffsetWarn) {
				continue
			}
			found = append(found, Finding{
				Host: h.Name, Component: c.Name, Level: Warn, Title: c.Kind + "'s own clock is " + apartFrom(off) + " its host's",
				Evidence: []Evidence{offsetEvidence("its clock minus the host's", off), Says("read with", c.Clock.Reader)},
				Cause:    "The process runs with a shifted clock, or something else than this process answers on its port.",
				Fix:      "Look at its environment (LD_PRELOAD, FAKETIME) and at what listens on " + strings.TrimPrefix(c.Base, "http://"),
			})
		}
	}
	return found
}
