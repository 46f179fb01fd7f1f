package doctor

const downAfter = "tsdb/answers"

func scrapeHostDown() Check {
	return Check{
		ID: "scrape/host-down", Title: "the hosts of the targets are up",
		After: []string{downAfter}, Ask: askDown,
		Judge: perTrouble("scrape/host-down", troubleHost, func(d downTarget) Finding {
			found := Finding{
				Title: "the host of " + d.name() + " does not answer at all",
				Cause: "Neither the port of the target nor SSH can be reached from " + d.server.Host.Name + ": it is down, has another address, or there is no route.",
				Fix:   "see whether " + d.hostname() + " runs and still has this address",
			}
			if d.lost {
				found.Evidence = []Evidence{Says("examined", "monctl could not reach it either")}
			}
			return found
		}),
		Doc: Doc{
			Symptom:  "`no route to host`, `network is unreachable` or `context deadline exceeded` at a target.",
			Cause:    "The host is down, its address changed, or there is no route from Prometheus to it.",
			Evidence: "A TCP connection from the host of Prometheus to the target and to port 22 there; both fail. A host that answers monctl's SSH is never called down.",
			Fix:      "Start it, or correct its address in the inventory.",
			Risk:     "None.",
			Source:   "prometheus scrape/scrape.go (lastError is the text of Go's net package)",
		},
	}
}
