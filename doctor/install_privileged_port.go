package doctor

import "regexp"

func installPrivilegedPort() Check {
	const id = "install/privileged-port"
	return Check{
		ID:    id,
		Title: "no component wants a port that its user may not have",
		Needs: []Shared{Journal},
		Judge: perHost(id, func(h Host) []Finding {
			var all []Finding
			for _, c := range h.Components {
				if s := h.heard(c.Unit, settled, bindDenied); s.times > 0 && len(c.Listen) == 0 && !h.stopped(c) {
					all = append(all, Finding{
						Component: c.Name, Level: Fail, Title: c.Name + " may not listen on its port", Cause: "ports below 1024 need root or CAP_NET_BIND_SERVICE", Since: s.first.At,
						Fix: "use a port above 1023 behind a proxy, or a drop-in with AmbientCapabilities=CAP_NET_BIND_SERVICE", Evidence: s.evidence(c.Unit),
					})
				}
			}
			return all
		}),
		Doc: Doc{
			Symptom:  "`listen tcp 0.0.0.0:80: bind: permission denied`",
			Cause:    "The unit's user is not root and the port is below 1024 (typically Grafana's http_port = 80).",
			Evidence: "The message in the unit's journal, and that it listens nowhere.",
			Fix:      "A port above 1023 behind a proxy, or `AmbientCapabilities=CAP_NET_BIND_SERVICE` in a drop-in.",
			Risk:     "low",
			Source:   "capabilities(7); grafana#32412, #7594",
		},
	}
}

var bindDenied = regexp.MustCompile(`bind: permission denied`)
