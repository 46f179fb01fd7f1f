package doctor

import (
	"fmt"
	"time"
)

// alertLife is how long an alert lives at the Alertmanager after Prometheus sent it: 4 × max(interval, resend delay of 1
// m), rules/alerting.go.
const alertLife = 4 * time.Minute

// clockAlerts finds a Prometheus so far behind its Alertmanager that alerts arrive already resolved.
func clockAlerts() Check {
	return Check{
		ID: "clock/alertmanager", Title: "Alertmanager and Prometheus agree on the time", On: []string{"alertmanager", "prometheus"}, Needs: []Shared{Clocks},
		After: []string{"clock/offset"}, Judge: judgeAlertClock,
		Doc: Doc{
			Symptom:  "An alert fires in Prometheus and is never notified; or it is resolved at once and fires again.",
			Cause:    "Prometheus sends EndsAt = its time + 4 min. When its clock is behind Alertmanager's by more, alerts arrive already resolved.",
			Evidence: "The clocks of both, by their own answers, against this machine's.",
			Fix:      "Correct the clock that is wrong.",
			Risk:     "Low.",
			Source:   "prometheus rules/alerting.go (ValidUntil); alertmanager api/v2/api.go (EndsAt.After(now))",
		},
	}
}

func judgeAlertClock(f Fleet) []Finding {
	var found []Finding
	for _, p := range f.Hosts {
		for _, prom := range p.Of("prometheus") {
			for _, a := range f.Hosts {
				for _, am := range a.Of("alertmanager") {
					off, known := differs(prom.Clock, am.Clock)
					if !known || off.High > -alertLife {
						continue
					}
					found = append(found, Finding{
						Host: p.Name, Component: prom.Name, Level: Fail, Tag: a.Name + " " + am.Name, Concerns: []string{a.Name},
						Title:    fmt.Sprintf("alerts arrive at %s already resolved: Prometheus' clock is %s its", a.Name, apartFrom(off)),
						Evidence: []Evidence{offsetEvidence("Prometheus' clock minus Alertmanager's", off), Number("alerts live for", alertLife.Seconds(), "s")},
						Cause:    "Prometheus gives alerts four minutes by its own clock.", Fix: "Correct the clock that is wrong.",
					})
				}
			}
		}
	}
	return found
}
