package doctor

func securityGrafanaAnonymous() Check {
	const id = "security/grafana-anonymous"
	return Check{
		ID: id, Title: "nobody without a login administers Grafana", On: grafanaKinds, After: []string{"grafana/ready"},
		Ask:   askAll(grafanaKinds, "/api/datasources"),
		Judge: perComponent(id, grafanaKinds, judgeAnonymous),
		Doc: Doc{
			Symptom:  "No login page appears; visitors can change dashboards and datasources.",
			Cause:    "`[auth.anonymous] enabled = true` with `org_role = Admin` (or Editor), often copied from a demo.",
			Evidence: "/api/datasources, which only administrators may list, answers 200 without a login.",
			Fix:      "`org_role = Viewer`, or `enabled = false`, and a restart.",
			Risk:     "visitors have to log in to change things",
			Source:   "Grafana docs: anonymous authentication",
		},
	}
}

func judgeAnonymous(_ Host, c Component) []Finding {
	r, unknown := c.reply("/api/datasources")
	switch {
	case unknown != nil:
		return unknown
	case r.Status == 200 && len(r.Body) > 0 && r.Body[0] == '[':
		return one(Fail, "everybody administers Grafana without a login", "[auth.anonymous] gives visitors the role of an administrator", "[auth.anonymous] org_role = Viewer, or enabled = false, then "+c.restart(), Says("GET /api/datasources without a login", "200"))
	}
	return nil
}
