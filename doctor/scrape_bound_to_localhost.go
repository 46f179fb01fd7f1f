package doctor

func scrapeBoundToLocalhost() Check {
	return Check{
		ID: "scrape/bound-to-localhost", Title: "exporters listen where Prometheus can reach them",
		After: []string{downAfter}, Ask: askDown,
		Judge: perTrouble("scrape/bound-to-localhost", troubleBound, func(d downTarget) Finding {
			return Finding{
				Title: d.name() + " listens only on " + d.listeners[0].Address.String(),
				Cause: "It is bound to that address of " + d.host.Name + ", not to the one that Prometheus connects to.",
				Fix:   "start it with --web.listen-address=" + d.address() + " on " + d.host.Name + ", and let only " + d.server.Host.Name + " through the firewall",
			}
		}),
		Doc: Doc{
			Symptom:  "`connection refused` from Prometheus, while curl on the host itself works.",
			Cause:    "The exporter is bound to 127.0.0.1 or ::1.",
			Evidence: "The listening sockets of the target's host: that port is open on loopback addresses only.",
			Fix:      "Bind it to the address that Prometheus connects to.",
			Risk:     "Others on that network can read the metrics too: limit the port to Prometheus.",
			Source:   "exporter-toolkit, --web.listen-address",
		},
	}
}
