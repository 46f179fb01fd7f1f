package doctor

import "fmt"

func alertmanagerCluster() Check {
	const id = "alertmanager/cluster"
	return Check{
		ID: id, Title: "the Alertmanagers of a cluster see each other", On: []string{"alertmanager"}, Needs: []Shared{Metrics}, After: []string{"alertmanager/ready"},
		Ask:   askAll([]string{"alertmanager"}, askAMStatus),
		Judge: perMetered(id, []string{"alertmanager"}, judgeCluster),
		Doc: Doc{
			Symptom:  "Every notification comes twice; `Failed to join cluster`, `dial tcp …:9094: i/o timeout`.",
			Cause:    "Port 9094 (TCP and UDP) is closed between the peers, a peer is gone, or the names in --cluster.peer are wrong.",
			Evidence: "alertmanager_cluster_failed_peers and the peers of /api/v2/status, against the number of --cluster.peer flags.",
			Fix:      "Open 9094 for TCP and UDP between the peers only; for a single one set `--cluster.listen-address=`.",
			Risk:     "low",
			Source:   "alertmanager-mixin AlertmanagerMembersInconsistent, AlertmanagerClusterDown",
		},
	}
}

func judgeCluster(_ Host, c Component) []Finding {
	status, unknown := decode[amStatus](c, askAMStatus)
	if unknown != nil {
		return unknown
	}
	failed, _ := c.Metrics.Sum("alertmanager_cluster_failed_peers")
	peer, asked := c.Flags["cluster.peer"]
	switch {
	case failed > 0:
		return one(Warn, fmt.Sprintf("%s has lost %.0f peers of its cluster", c.Name, failed), "they are gone, or port 9094 is closed between them", "open 9094 for TCP and UDP between the peers", Number("failed peers", failed, "1"), Number("peers seen", float64(len(status.Cluster.Peers)), "1"))
	case asked && status.Cluster.Status == "ready" && len(status.Cluster.Peers) <= 1:
		return one(Warn, c.Name+" is alone in its cluster", "it was told a peer and sees none: every notification will come twice", "open 9094 for TCP and UDP between the peers", Says("--cluster.peer", peer), Number("peers seen", float64(len(status.Cluster.Peers)), "1"))
	}
	return nil
}
