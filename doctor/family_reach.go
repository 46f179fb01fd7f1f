package doctor

import "slices"

// reachChecks lists the checks of the family reach, which come after all others: what one of those can name is the cause.
func reachChecks(others []Check) []Check {
	after := func(families ...string) []string {
		ids := []string{"install/unit-failed", "install/not-running", "install/port-taken"}
		for _, c := range others {
			if slices.Contains(families, c.Family()) {
				ids = append(ids, c.ID)
			}
		}
		return ids
	}
	receivers := reachRole(reachCheck, "Alertmanager reaches those whom it notifies", LinkNotify, after("alertmanager"))
	receivers.Reads, receivers.Probe, receivers.Limit = nil, reachScript, 5
	return []Check{
		reachRole("reach/targets", "Prometheus reaches its targets", LinkScrape, after("scrape")),
		reachRole("reach/alertmanagers", "Prometheus reaches its Alertmanagers", LinkAlerts, after("alertmanager")),
		reachRole("reach/datasources", "Grafana reaches its datasources", LinkQuery, after("grafana", "loki")),
		reachRole("reach/loki", "agents reach Loki", LinkPush, after("loki")),
		receivers,
	}
}
