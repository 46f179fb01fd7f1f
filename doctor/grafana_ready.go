package doctor

import "strings"

const askHealth = "/api/health"

func grafanaReady() Check {
	const id = "grafana/ready"
	return Check{
		ID: id, Title: "Grafana answers and has its database", On: grafanaKinds, After: []string{"grafana/database", "grafana/provisioning"},
		Ask:   askAll(grafanaKinds, askHealth),
		Judge: perComponent(id, grafanaKinds, judgeHealth),
		Doc: Doc{
			Symptom:  "The page does not open, or every page says `Failed to load`; /api/health gives 503 and `\"database\": \"failing\"`.",
			Cause:    "Grafana is migrating its database, cannot open it, or hangs.",
			Evidence: "The answer to /api/health, asked from the host itself.",
			Fix:      "`journalctl -u grafana-server -e`",
			Risk:     "low",
			Source:   "Grafana HTTP API: health",
		},
	}
}

func judgeHealth(_ Host, c Component) []Finding {
	r := c.Replies[askHealth]
	if r.Err != "" || r.Status == 0 || r.Status == 200 && strings.Contains(strings.ReplaceAll(r.Body, " ", ""), `"database":"ok"`) {
		return judgeReady(c, askHealth)
	}
	switch {
	case strings.Contains(r.Body, `"database"`):
		return one(Fail, "Grafana cannot use its database", "it answers and its database does not", "journalctl -u "+c.Name+" -e", Says(askHealth, shortened(r.Body, 200)))
	case r.Status == 301 || r.Status == 302:
		return nil // below another path: the check of root_url
	}
	if found := judgeReady(c, askHealth); found != nil {
		return found
	}
	return unsure("cannot tell: "+askHealth+" did not answer as Grafana does", "another program may have its port: "+orNone(r.Type))
}
