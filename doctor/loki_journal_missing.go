package doctor

func lokiJournalMissing() Check {
	const id = "loki/journal-missing"
	return Check{
		ID: id, Title: "there is a journal for the agent to read", On: agentKinds, Root: true, Reads: []string{agentCheck},
		Judge: perComponent(id, agentKinds, func(h Host, c Component) []Finding {
			a := h.answerOf(agentCheck, c)
			if a.Get("journal") != "yes" || len(a.All("journals")) > 0 {
				return nil
			}
			return one(Warn, c.Name+" is to read a journal and there is none", "neither /var/log/journal nor /run/log/journal is there, as in a container or with Storage=none", "mount the host's journal into the container, or read files", Says("folders", "none"))
		}),
		Doc: Doc{
			Symptom:  "No line with job=systemd-journal, and no error.",
			Cause:    "journald keeps nothing (Storage=none), or the agent's container has no journal mounted.",
			Evidence: "The agent's configuration has a journal source, and the two folders of journald are missing as the agent sees them.",
			Fix:      "Storage=auto in journald.conf, or the mount.",
			Risk:     "low",
			Source:   "journald.conf(5) Storage=; loki docs promtail journal",
		},
	}
}
