package doctor

import "fmt"

func alertmanagerInvalid() Check {
	const id = "alertmanager/invalid"
	return Check{
		ID: id, Title: "Alertmanager understands the alerts it is sent", On: []string{"alertmanager"}, Needs: []Shared{Metrics},
		Judge: perMetered(id, []string{"alertmanager"}, func(_ Host, c Component) []Finding {
			n, _ := c.Metrics.Sum("alertmanager_alerts_invalid_total")
			if n == 0 {
				return nil
			}
			return one(Note, fmt.Sprintf("%.0f alerts were refused as invalid since Alertmanager started", n), "a sender gives labels that are empty, or an end before the start", "curl the sender's alerts by hand, or look at its labels", Number("alertmanager_alerts_invalid_total", n, "1"))
		}),
		Doc: Doc{
			Symptom:  "`API error … bad_data` in the sender's log.",
			Cause:    "A script or a proxy sends alerts that are not valid; the end of an alert before its start may be a clock.",
			Evidence: "alertmanager_alerts_invalid_total since its start.",
			Fix:      "Correct the sender.",
			Risk:     "none",
			Source:   "alertmanager api/metrics",
		},
	}
}
