package doctor

import (
	"fmt"

	"github.com/monctl/monctl/installer/routes"
)

func alertmanagerRoute() Check {
	const id = "alertmanager/route"
	return Check{
		ID: id, Title: "alerts can reach every route", On: []string{"alertmanager"}, After: []string{"alertmanager/ready"},
		Ask: askAll([]string{"alertmanager"}, askAMStatus),
		Judge: perComponent(id, []string{"alertmanager"}, func(_ Host, c Component) []Finding {
			_, lost, unknown := amFaults(c, routes.Unreachable)
			if unknown != nil || len(lost) == 0 {
				return unknown
			}
			return one(Warn, fmt.Sprintf("%d routes never get an alert", len(lost)), "a route before it takes all of its alerts, or its matchers exclude each other", "move the narrower route up, or set continue: true on the wider one", lost...)
		}),
		Doc: Doc{
			Symptom:  "The alert is on Alertmanager's page, but the people of its route are not told; others are.",
			Cause:    "Routes are tried in their order, and the first that matches keeps the alert unless it says `continue: true`. amtool check-config passes over a route that is never tried.",
			Evidence: "The configuration that Alertmanager says it runs with. Regular expressions are compared with values, not with each other: what is named is certain, and there may be more.",
			Fix:      "Move the narrower route up, or set `continue: true` on the wider one. `amtool config routes test LABEL=VALUE` shows where an alert goes, `monctl alert test --label` sends one there.",
			Risk:     "low",
			Source:   "Alertmanager configuration: route; dispatch/route.go",
		},
	}
}
