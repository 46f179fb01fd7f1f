package doctor

import (
	"slices"

	"github.com/monctl/monctl/fleet/facts"
)

func scrapeNotScraped() Check {
	return Check{
		ID: "scrape/not-scraped", Title: "every exporter is scraped",
		After: []string{downAfter, "scrape/relabelled-away", "scrape/no-targets", "scrape/config-reload", "scrape/file-sd", "install/two-copies"},
		Ask:   asks(askTargets),
		Judge: judgeNotScraped,
		Doc: Doc{
			Symptom:  "A host is missing from the dashboards although its exporter runs.",
			Cause:    "No job names it, or names another port.",
			Evidence: "Exporters that run and listen on examined hosts against the active targets of all examined servers, by address and port.",
			Fix:      "Add it to a job; with monctl, to the inventory.",
			Risk:     "None.",
			Source:   "prometheus docs/configuration/configuration.md (scrape_config)",
		},
	}
}

func judgeNotScraped(f Fleet) []Finding {
	all := servers(f)
	scraped := map[string]bool{}
	for _, s := range all {
		list, err := s.targets()
		if err != nil {
			return []Finding{{Host: s.Host.Name, Component: s.Name, Level: Unknown, Title: "cannot tell which exporters are scraped: " + err.Error()}}
		}
		for _, t := range list.Active {
			if h, ok := s.host(t); ok {
				scraped[h.Name+":"+t.port()] = true
			}
		}
	}
	var found []Finding
	for _, h := range f.Hosts {
		for _, c := range h.Of("*_exporter") {
			if !c.Running || len(c.Listen) == 0 || len(all) == 0 || c.scrapedIn(h, scraped) {
				continue
			}
			found = append(found, Finding{
				Host: h.Name, Component: c.Name, Level: Warn, Title: c.Kind + " runs and is not scraped",
				Evidence: []Evidence{Says("listens on", c.Listen[0].String()), Says("servers asked", all[0].Host.Name)}, Concerns: hostsOf(all),
				Cause: "No target of any examined Prometheus has an address of this host with that port.", Fix: "add " + h.ScrapeAddress + ":" + portOf(c.Listen[0]) + " to a scrape job",
			})
		}
	}
	return found
}

// scrapedIn says that some target is the component, or was meant to be: its usual port, where nothing listens now, is
// what scrape/refused speaks of.
func (c Component) scrapedIn(h Host, scraped map[string]bool) bool {
	usual := itoa(usualPort[c.Kind])
	vacant := !slices.ContainsFunc(h.Facts.Listeners, func(l facts.Listener) bool { return portOf(l.Address) == usual })
	if scraped[h.Name+":"+usual] && vacant && h.Facts.ListenersRead {
		return true
	}
	for _, a := range c.Listen {
		if scraped[h.Name+":"+portOf(a)] {
			return true
		}
	}
	return false
}

func hostsOf(list []server) []string {
	var names []string
	for _, s := range list {
		names = append(names, s.Host.Name)
	}
	return names
}
