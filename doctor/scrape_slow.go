package doctor

import (
	"fmt"
	"time"
)

func scrapeSlow() Check {
	return Check{
		ID: "scrape/slow", Title: "the targets answer in time",
		After: []string{downAfter, "scrape/firewall", "scrape/host-down", "install/file-limit"}, Ask: askDown,
		Judge: judgeAllSlow,
		Doc: Doc{
			Symptom:  "`context deadline exceeded` at a target that can be reached; gaps in its graphs.",
			Cause:    "The exporter needs longer than scrape_timeout: a slow collector, a slow database behind it, or too little processor.",
			Evidence: "A connection from the host of Prometheus succeeds at once; lastScrapeDuration against scrape_timeout. From 80 % on it is a warning.",
			Fix:      "Switch the slow collector off, or raise scrape_timeout up to scrape_interval.",
			Risk:     "None.",
			Source:   "prometheus docs/configuration/configuration.md (scrape_timeout); prometheus#15337",
		},
	}
}

func judgeAllSlow(f Fleet) []Finding {
	down := perTrouble("scrape/slow", troubleSlow, judgeSlow)(f)
	return append(down, perServer("scrape/slow", judgeNearTimeout)(f)...)
}

func judgeSlow(d downTarget) Finding {
	found := Finding{
		Title: d.name() + " does not answer within " + orUnknown(d.Timeout), Cause: "A connection succeeds, the page does not come in time: the exporter is slow.",
		Fix:      "curl -s -w '%{time_total}' -o /dev/null " + quote(d.URL) + "  (on " + d.server.Host.Name + "); switch the slow collector off, or raise scrape_timeout of job " + d.Labels["job"],
		Evidence: []Evidence{Number("last scrape took", d.Took, "s")},
	}
	if !d.tried || d.reached.Kind == ReachForbidden {
		found.Level, found.Title = Unknown, "cannot tell why "+d.name()+" does not answer in time"
		found.Cause, found.Fix = "No connection could be tried from "+d.server.Host.Name+": its SSH server forbids forwarding, or there was no time left.", "allow TCP forwarding for monctl (AllowTcpForwarding), or try curl there"
	} else if !d.reached.OK {
		found.Cause = "Neither a connection of our own nor one to its SSH port went as expected."
	}
	return found
}

// judgeNearTimeout finds targets that will not answer in time soon.
func judgeNearTimeout(s server) ([]Finding, error) {
	list, err := s.targets()
	if err != nil {
		return nil, nil // perTrouble has said so
	}
	var found []Finding
	for _, t := range list.Active {
		limit := duration(t.Timeout).Seconds()
		if t.Health != "up" || limit == 0 || t.Took < 0.8*limit {
			continue
		}
		one := Finding{
			Level: Warn, Tag: t.Pool + " " + t.URL, Title: fmt.Sprintf("%s takes %v of the %s it has", t.name(), time.Duration(t.Took*float64(time.Second)).Round(10*time.Millisecond), t.Timeout),
			Evidence: []Evidence{Says("target", t.URL), Number("last scrape took", t.Took, "s"), Number("scrape_timeout", limit, "s")},
			Cause:    "The exporter is slow: soon scrapes fail.", Fix: "switch its slow collector off, or raise scrape_timeout of job " + t.Labels["job"],
		}
		if h, ok := s.host(t); ok && h.Name != s.Host.Name {
			one.Concerns = []string{h.Name}
		}
		found = append(found, one)
	}
	return found, nil
}
