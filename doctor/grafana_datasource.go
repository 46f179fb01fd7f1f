package doctor

import "context"

func grafanaDatasource() Check {
	const id = "grafana/datasource"
	return Check{
		ID: id, Title: "Grafana's host reaches the datasources", On: grafanaKinds, Root: true, Reads: []string{grafanaCheck}, After: []string{"install/unit-failed", "install/not-running"},
		Ask: func(ctx context.Context, q *Questions) {
			for _, c := range q.Host().Of(grafanaKinds...) {
				for _, d := range q.Host().datasources(c) {
					if to := dialable(d.url); to != "" && d.access != "direct" {
						q.Dial(ctx, to)
					}
				}
			}
		},
		Judge: perComponent(id, grafanaKinds, judgeDatasource),
		Doc: Doc{
			Symptom:  "`Bad Gateway`, `dial tcp …: connect: connection refused` on Save & test; every panel says `Error`.",
			Cause:    "Prometheus or Loki does not run, a firewall is between, or the address means another machine for Grafana: `localhost` inside a container is the container.",
			Evidence: "A TCP connection from Grafana's host to the address of each provisioned datasource.",
			Fix:      "Correct `url:`, or open the port for Grafana's host.",
			Risk:     "low",
			Source:   "Grafana docs: data source proxy",
		},
	}
}

func judgeDatasource(h Host, c Component) []Finding {
	var all []Finding
	for _, d := range h.datasources(c) {
		to := dialable(d.url)
		r, asked := h.Reached[to]
		var found []Finding
		switch {
		case h.grafanaAnswer(c).Get("container") == "yes" && d.local():
			found = one(Warn, "datasource "+d.name+" points to localhost inside Grafana's container", "that is the container itself", "use the name or address of the host", Says("url", d.url))
		case d.access == "direct":
			found = one(Note, "datasource "+d.name+" is asked by each browser", "access: direct was removed from Grafana's Prometheus datasource", "access: proxy", Says("access", d.access))
		case !asked || r.OK || h.grafanaAnswer(c).Get("container") == "yes":
			continue
		case r.Kind == ReachForbidden:
			found = unsure("cannot tell whether Grafana reaches datasource "+d.name, "the SSH server forbids forwarding")
		default:
			found = one(Fail, "Grafana's host cannot reach datasource "+d.name+" at "+to, "a connection from it: "+string(r.Kind), "start what should listen there, correct url:, or open the port for Grafana's host", Says("tcp "+to, r.Err))
		}
		found[0].Tag = d.name
		all = append(all, found...)
	}
	return all
}
