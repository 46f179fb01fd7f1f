package doctor

import "regexp"

func alertmanagerAdvertise() Check {
	const id = "alertmanager/advertise"
	return Check{
		ID: id, Title: "Alertmanager finds an address for its gossip", On: []string{"alertmanager"}, Needs: []Shared{Journal},
		Judge: hearing(id, []string{"alertmanager"}, settled, regexp.MustCompile(`couldn't deduce an advertise address|unable to initialize gossip mesh|Failed to get final advertise address|listen (tcp|udp) \S*:9094: bind`), Finding{
			Level: Fail, Title: "Alertmanager cannot start its cluster port", Cause: "gossip is on by default, and the host has no private address for it, or port 9094 is taken",
			Fix: "for a single Alertmanager: --cluster.listen-address= (empty); else --cluster.advertise-address=ADDRESS:9094",
		}),
		Doc: Doc{
			Symptom:  "`couldn't deduce an advertise address: no private IP found, explicit advertise addr not provided`, then exit 1.",
			Cause:    "Gossip between Alertmanagers is on by default; a cloud host with a public address only has none it likes. Or port 9094 is in use.",
			Evidence: "The message in its journal since its last start.",
			Fix:      "`--cluster.listen-address=` for a single one, `--cluster.advertise-address` for several.",
			Risk:     "none for a single Alertmanager",
			Source:   "alertmanager#2284, #1434, #1484, #4122",
		},
	}
}
