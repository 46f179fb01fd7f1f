package doctor

import "context"

func lokiAgentConnect() Check {
	const id = "loki/agent-connect"
	return Check{
		ID: id, Title: "the log agents reach Loki", On: agentKinds, Root: true, Reads: []string{agentCheck}, After: []string{"install/unit-failed", "install/not-running", "loki/ready"},
		Ask: func(ctx context.Context, q *Questions) {
			for _, c := range q.Host().Of(agentKinds...) {
				for _, u := range q.Host().answerOf(agentCheck, c).All("url") {
					if to := dialable(u); to != "" {
						q.Dial(ctx, to)
					}
				}
			}
		},
		Judge: perComponent(id, agentKinds, judgeAgentConnect),
		Doc: Doc{
			Symptom:  "`error sending batch, will retry … dial tcp …:3100: connect: connection refused` or `context deadline exceeded`.",
			Cause:    "Loki does not run, listens on localhost only, or a firewall is between.",
			Evidence: "A TCP connection from the agent's own host to each address it pushes to.",
			Fix:      "Correct the url, start Loki, or open 3100 for that host.",
			Risk:     "low",
			Source:   "Loki docs: troubleshoot ingest",
		},
	}
}

func judgeAgentConnect(h Host, c Component) []Finding {
	var all []Finding
	for _, u := range h.answerOf(agentCheck, c).All("url") {
		to := dialable(u)
		r, asked := h.Reached[to]
		var found []Finding
		switch {
		case !asked || r.OK:
			continue
		case r.Kind == ReachForbidden:
			found = unsure("cannot tell whether "+c.Name+" reaches Loki at "+to, "the SSH server forbids forwarding")
		default:
			found = one(Fail, c.Name+" cannot reach Loki at "+to, "a connection from its host: "+string(r.Kind), "start Loki, let it listen on an address that this host reaches, or open the port", Says("tcp "+to, r.Err))
		}
		found[0].Tag = to
		all = append(all, found...)
	}
	return all
}
