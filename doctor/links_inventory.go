package doctor

import (
	"slices"

	"github.com/monctl/monctl/installer/desired"
)

// LinksOf gives what the inventory says that each host's components must reach: for Target.Links, by host.
func LinksOf(stack *desired.Stack) map[string][]Link {
	links := map[string][]Link{}
	add := func(i desired.Instance, role LinkRole, to, name string) {
		links[i.Host.Name] = append(links[i.Host.Name], Link{From: i.Host.Name, Component: i.Component.Name, Role: role, To: to, Name: name})
	}
	for _, p := range stack.Scrapers() {
		for _, t := range stack.Targets(p) {
			add(p, LinkScrape, t.Address, t.Job)
		}
		for _, to := range stack.Alertmanagers(p) {
			add(p, LinkAlerts, to, "alertmanager")
		}
	}
	for _, g := range stack.Of("grafana") {
		for _, d := range stack.Datasources(g) {
			if d.Type != "prometheus" {
				continue
			}
			add(g, LinkQuery, dialable(d.URL), d.Title)
		}
	}
	for _, l := range stack.Of("loki") {
		for _, from := range slices.Concat(stack.Of("grafana"), stack.Of("promtail"), stack.Of("alloy")) {
			role := LinkPush
			if from.Component.Name == "grafana" {
				role = LinkQuery
			}
			add(from, role, l.From(from.Host.Name), "loki")
		}
	}
	return links
}
