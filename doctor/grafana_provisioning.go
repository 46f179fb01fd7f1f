package doctor

import (
	"regexp"
	"time"
)

func grafanaProvisioning() Check {
	const id = "grafana/provisioning"
	return Check{
		ID: id, Title: "Grafana takes over its provisioning files", On: grafanaKinds, Needs: []Shared{Journal}, After: []string{"grafana/database"},
		Judge: hearing(id, grafanaKinds, 24*time.Hour, regexp.MustCompile(`(?i)Datasource provisioning error|(failed|can't|cannot|could not) (to )?(provision|load dashboards? from|save dashboard|read (datasource|dashboard)s? provisioning)|dashboard provisioning failed|the same UID is used more than once|Only one datasource per organization can be marked as default|Failed to provision`), Finding{
			Level: Fail, Title: "Grafana refuses a provisioning file", Cause: "a uid that changed for a name that is there, two defaults, or a mistake in the file; what comes after it is not applied",
			Fix: "correct the file that the message names; for a changed uid: deleteDatasources: with name and orgId before datasources:",
		}),
		Doc: Doc{
			Symptom:  "`Datasource provisioning error: data source not found`, `Only one datasource per organization can be marked as default`, `failed to load dashboard from`, `the same UID is used more than once`.",
			Cause:    "The uid of a provisioned datasource was changed; two files have a default; a dashboard file is not valid or comes twice.",
			Evidence: "The message in Grafana's journal since its last start.",
			Fix:      "For a changed uid put `deleteDatasources: [{name: X, orgId: 1}]` before it, or keep the old uid.",
			Risk:     "alert rules that refer to the old uid break",
			Source:   "grafana#110740; pkg/services/provisioning",
		},
	}
}
