package doctor

func scrapeLocalhost() Check {
	return Check{
		ID: "scrape/localhost", Title: "localhost means the host of Prometheus",
		After: []string{downAfter}, Ask: askDown,
		Judge: perTrouble("scrape/localhost", troubleLocal, func(d downTarget) Finding {
			return Finding{
				Title: d.name() + " names localhost, and nothing listens there",
				Cause: "localhost in a scrape job means the host of Prometheus; the exporter is not on it." + d.elsewhereInFleet(),
				Fix:   "name the exporter's host in the job, or take the target out",
			}
		}),
		Doc: Doc{
			Symptom:  "`dial tcp 127.0.0.1:9100: connect: connection refused` for a target that was meant to be another machine; or all hosts show the values of one.",
			Cause:    "A configuration was copied from another machine, or written as if the exporter's host read it.",
			Evidence: "The target's address is a loopback one, and no program or unit on the host of Prometheus belongs to that port.",
			Fix:      "Use the address of the exporter's host.",
			Risk:     "None.",
			Source:   "prometheus docs/configuration/configuration.md (static_config)",
		},
	}
}

// elsewhereInFleet names a host that has what the port is for.
func (d downTarget) elsewhereInFleet() string {
	for _, h := range d.server.Fleet.Hosts {
		for _, c := range h.Of("*_exporter") {
			if h.Name != d.server.Host.Name && c.Running && len(c.Listen) > 0 && portOf(c.Listen[0]) == d.port() {
				return " " + h.Name + " has " + c.Kind + " on that port."
			}
		}
	}
	return ""
}
