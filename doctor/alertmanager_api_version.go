package doctor

import "strings"

func alertmanagerAPIVersion() Check {
	const id = "alertmanager/api-version"
	return Check{
		ID: id, Title: "Prometheus speaks the API that Alertmanager has", On: []string{"prometheus"},
		Ask: askAll([]string{"prometheus"}, askAlertmanagers),
		Judge: perComponent(id, []string{"prometheus"}, func(_ Host, c Component) []Finding {
			list, unknown := decode[alertmanagerList](c, askAlertmanagers)
			if unknown != nil {
				return unknown
			}
			for _, a := range list.Data.Active {
				if strings.HasSuffix(a.URL, "/api/v1/alerts") {
					return one(Warn, "Prometheus uses version 1 of Alertmanager's API", "Alertmanager 0.27 and later have version 2 only, and answer 410", "remove api_version: v1 from alerting: and reload", Says("alertmanager", a.URL))
				}
			}
			return nil
		}),
		Doc: Doc{
			Symptom:  "`Error sending alerts … bad response status 410 Gone` after an upgrade of Alertmanager.",
			Cause:    "`api_version: v1` in prometheus.yml; Alertmanager 0.27 removed that version.",
			Evidence: "The address that Prometheus sends to ends in /api/v1/alerts.",
			Fix:      "Remove `api_version: v1` (v2 is the default) and reload.",
			Risk:     "none with Alertmanager 0.16 and later",
			Source:   "Alertmanager CHANGELOG 0.27.0",
		},
	}
}
