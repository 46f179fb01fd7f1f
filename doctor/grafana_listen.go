package doctor

import (
	"net/netip"
	"slices"
)

func grafanaListen() Check {
	const id = "grafana/listen"
	return Check{
		ID: id, Title: "Grafana can be reached from other machines", On: grafanaKinds,
		Judge: perComponent(id, grafanaKinds, func(h Host, c Component) []Finding {
			if len(c.Listen) == 0 || slices.ContainsFunc(c.Listen, wide) || h.proxied() {
				return nil
			}
			return one(Note, "Grafana listens on localhost only, and no proxy runs on its host", "http_addr is a loopback address", "http_addr = (empty) for all addresses, a proxy, or ssh -L 3000:localhost:3000", Says("listens on", c.Listen[0].String()))
		}),
		Doc: Doc{
			Symptom:  "`connection refused` from the browser, and `curl localhost:3000` on the host works.",
			Cause:    "`http_addr = 127.0.0.1` without a proxy in front of it. It may be meant: a note.",
			Evidence: "The sockets of Grafana's process, and whether anything listens on port 80 or 443 for others.",
			Fix:      "Empty `http_addr`, or a proxy with TLS.",
			Risk:     "Grafana is then reachable for whoever reaches the host: change the password first",
			Source:   "Grafana docs: http_addr",
		},
	}
}

// proxied says that something on the host takes web connections from others.
func (h Host) proxied() bool {
	for _, l := range h.Facts.Listeners {
		if p := l.Address.Port(); (p == 80 || p == 443 || p == 8080 || p == 8443) && wide(netip.AddrPortFrom(l.Address.Addr(), p)) {
			return true
		}
	}
	return false
}
