package doctor

import (
	"fmt"

	"github.com/monctl/monctl/installer/routes"
)

func alertmanagerInhibit() Check {
	const id = "alertmanager/inhibit"
	return Check{
		ID: id, Title: "inhibition is bound to labels", On: []string{"alertmanager"}, After: []string{"alertmanager/ready"},
		Ask: askAll([]string{"alertmanager"}, askAMStatus),
		Judge: perComponent(id, []string{"alertmanager"}, func(_ Host, c Component) []Finding {
			_, unbound, unknown := amFaults(c, routes.Unbound)
			if unknown != nil || len(unbound) == 0 {
				return unknown
			}
			return one(Note, fmt.Sprintf("%d inhibit rules have no equal:", len(unbound)), "one source alert anywhere silences the targets of such a rule on every host", "add equal: [instance] or [cluster], unless it is meant", unbound...)
		}),
		Doc: Doc{
			Symptom:  "An alert is on Alertmanager's page as suppressed, although nothing is wrong with its host.",
			Cause:    "An inhibit rule without `equal:` matches across all hosts.",
			Evidence: "inhibit_rules of the configuration that Alertmanager runs with. It may be meant: a note.",
			Fix:      "Add `equal:` with the labels that source and target share.",
			Risk:     "none",
			Source:   "Alertmanager configuration: inhibit_rule",
		},
	}
}
