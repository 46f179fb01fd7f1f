package doctor

import "regexp"

func lokiRing() Check {
	const id = "loki/ring"
	return Check{
		ID: id, Title: "Loki's ring has healthy members", On: lokiKinds, Needs: []Shared{Journal},
		Judge: hearing(id, lokiKinds, settled/6, regexp.MustCompile(`empty ring|too many unhealthy instances in the ring|at least \d+ live replicas required`), Finding{
			Level: Fail, Title: "Loki finds no healthy member in its ring", Cause: "its address changed, the ring holds members that are gone, or replication_factor is above 1 on a single node",
			Fix: "single node: common: {ring: {kvstore: {store: inmemory}, instance_addr: 127.0.0.1}, replication_factor: 1}; forget dead members on the page /ring",
		}),
		Doc: Doc{
			Symptom:  "`empty ring`, `too many unhealthy instances in the ring`, `at least 2 live replicas required, could only find 1`.",
			Cause:    "A wrong kvstore or instance_addr, an address that changed, replication_factor above the number of nodes.",
			Evidence: "The message in Loki's journal in the last ten minutes.",
			Fix:      "As the finding says; for a cluster check that the members reach each other on 7946.",
			Risk:     "low",
			Source:   "loki#3611, #7614, #10522",
		},
	}
}
