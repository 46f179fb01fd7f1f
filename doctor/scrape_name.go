package doctor

import "strings"

func scrapeName() Check {
	return Check{
		ID: "scrape/name", Title: "the names of the targets resolve",
		After: []string{downAfter}, Ask: askDown,
		Judge: perTrouble("scrape/name", troubleName, func(d downTarget) Finding {
			found := Finding{
				Title: "the name of " + d.name() + " does not resolve on " + d.server.Host.Name,
				Cause: "No address is known for " + d.hostname() + " on the host of Prometheus.",
				Fix:   "getent hosts " + quote(d.hostname()) + "  (on " + d.server.Host.Name + "); correct the name, or use the address",
			}
			if strings.Contains(d.LastError, "misbehaving") || strings.Contains(d.LastError, "i/o timeout") {
				found.Cause = "The name server of " + d.server.Host.Name + " does not answer as it should."
				found.Fix = "see /etc/resolv.conf on " + d.server.Host.Name + "; until it is cured use addresses in the job"
			}
			return found
		}),
		Doc: Doc{
			Symptom:  "`dial tcp: lookup HOST: no such host`, `server misbehaving`",
			Cause:    "The name is wrong, is known only elsewhere (/etc/hosts of another machine), or the resolver does not answer.",
			Evidence: "The error of Go's resolver in Prometheus itself.",
			Fix:      "Correct the name, or use the address.",
			Risk:     "None.",
			Source:   "Go net package; resolv.conf(5)",
		},
	}
}
