package doctor

import (
	"fmt"
	"net/netip"
)

func securityClusterPort() Check {
	const id = "security/cluster-port"
	return Check{
		ID: id, Title: "Alertmanager's gossip is not open to the internet", On: []string{"alertmanager"},
		Judge: perComponent(id, []string{"alertmanager"}, func(h Host, c Component) []Finding {
			for _, l := range c.Listen {
				to, open := h.openTo(Component{Listen: []netip.AddrPort{l}})
				if l.Port() != 9094 || !open || len(h.Facts.Firewall) > 0 {
					continue
				}
				return one(Warn, fmt.Sprintf("Alertmanager's cluster port is open at %s", to), "gossip is on by default and takes whoever comes as a peer, who can then silence everything", "--cluster.listen-address= for a single Alertmanager; else open 9094 for its peers only", Says("listens on", l.String()))
			}
			return nil
		}),
		Doc: Doc{
			Symptom:  "Silences appear that nobody made.",
			Cause:    "Port 9094 is open by default and neither encrypted nor authenticated.",
			Evidence: "A socket on port 9094, a public address, and no firewall on the host.",
			Fix:      "`--cluster.listen-address=` for a single one, or a firewall rule.",
			Risk:     "none for a single Alertmanager",
			Source:   "Alertmanager README: high availability",
		},
	}
}
