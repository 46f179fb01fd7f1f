package doctor

import (
	"slices"
	"strings"
)

func securityAdminAPI() Check {
	const id = "security/admin-api"
	return Check{
		ID: id, Title: "nobody can delete data or stop Prometheus without a login", On: []string{"prometheus"},
		Judge: perComponent(id, []string{"prometheus"}, judgeOpenEndpoints),
		Doc: Doc{
			Symptom:  "Series vanish, Prometheus stops, or strange samples appear, and nobody of the team did it.",
			Cause:    "`--web.enable-admin-api`, `--web.enable-lifecycle` or `--web.enable-remote-write-receiver` without `--web.config.file`: whoever reaches the port may delete, stop or write.",
			Evidence: "The flags of the process and its sockets. On a private network the lifecycle and the receiver are notes, as they are often wanted; on a public address all are warnings.",
			Fix:      "Take the flag away, or give a `--web.config.file` with a login; `systemctl reload` needs no lifecycle endpoint.",
			Risk:     "what uses the endpoint (reload by a sidecar, agents) needs the login then",
			Source:   "prometheus.io/docs/operating/security",
		},
	}
}

func judgeOpenEndpoints(h Host, c Component) []Finding {
	if c.guarded() || !slices.ContainsFunc(c.Listen, wide) {
		return nil
	}
	_, open := h.openTo(c)
	var all []Finding
	for _, flag := range []struct {
		name, says string
		level      Level
	}{
		{"web.enable-admin-api", "delete series and take snapshots", Warn},
		{"web.enable-lifecycle", "stop and reload Prometheus", Note},
		{"web.enable-remote-write-receiver", "write any samples", Note},
	} {
		if value, on := c.Flags[flag.name]; !on || strings.EqualFold(value, "false") {
			continue
		}
		level := flag.level
		if open {
			level = Warn
		}
		f := one(level, "whoever reaches "+c.Name+" may "+flag.says, "--"+flag.name+" without a login", "remove --"+flag.name+", or give --web.config.file with a login", Says("flag", "--"+flag.name), Says("listens on", c.Listen[0].String()))
		f[0].Tag = flag.name
		all = append(all, f...)
	}
	return all
}
