package doctor

func securityProfiles() Check {
	const id = "security/profiles"
	return Check{
		ID: id, Title: "profiles of the programs are not open to the internet", After: []string{"security/open-public"},
		On: []string{"prometheus", "alertmanager", "loki", "node_exporter"},
		Judge: perComponent(id, []string{"prometheus", "alertmanager", "loki", "node_exporter"}, func(h Host, c Component) []Finding {
			to, open := h.openTo(c)
			if !open || c.guarded() {
				return nil
			}
			return one(Note, "/debug/pprof of "+c.Name+" may be open at "+to.String(), "a profile takes processor time for as long as the caller wants, and shows the command line", "a proxy that lets only the API through, or a login by --web.config.file", Says("listens on", c.Listen[0].String()))
		}),
		Doc: Doc{
			Symptom:  "High load for no reason; command lines in a stranger's hands.",
			Cause:    "The programs serve /debug/pprof on the same port as the API.",
			Evidence: "A public address and no login; the path itself is not asked for.",
			Fix:      "As for security/open-public.",
			Risk:     "low",
			Source:   "prometheus.io/docs/operating/security",
		},
	}
}
