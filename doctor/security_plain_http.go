package doctor

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
)

func securityPlainHTTP() Check {
	const id = "security/plain-http"
	return Check{
		ID: id, Title: "scrapes over public addresses are encrypted", On: []string{"prometheus"},
		Ask: asks(askTargets),
		Judge: perComponent(id, []string{"prometheus"}, func(_ Host, c Component) []Finding {
			type list struct {
				Data struct {
					Active []struct {
						ScrapeURL string `json:"scrapeUrl"`
					} `json:"activeTargets"`
				}
			}
			r, unknown := c.reply(askTargets)
			var targets list
			if unknown != nil || json.Unmarshal([]byte(r.Body), &targets) != nil {
				return append(unknown, unsure("cannot tell: the targets could not be read", orElse(r.Err, "the answer is not JSON"))...)[:1]
			}
			n, first := 0, ""
			for _, t := range targets.Data.Active {
				u, err := url.Parse(t.ScrapeURL)
				if err != nil || u.Scheme != "http" {
					continue
				}
				if a, err := netip.ParseAddr(u.Hostname()); err == nil && public(a) {
					n++
					first = u.Scheme + "://" + u.Host
				}
			}
			if n == 0 {
				return nil
			}
			return one(Note, fmt.Sprintf("%d targets are scraped over public addresses without TLS", n), "whoever is on the way reads along, and can answer instead", "--web.config.file with a certificate at the exporter and scheme: https in the job; or a private network", Says("target", first))
		}),
		Doc: Doc{
			Symptom:  "None, until somebody reads along.",
			Cause:    "`scheme: http` and a target by its public address.",
			Evidence: "The scrape addresses of Prometheus that are literal public addresses; names are not looked up.",
			Fix:      "TLS by `--web.config.file` and `scheme: https`, or a private network or tunnel.",
			Risk:     "low",
			Source:   "prometheus.io/docs/guides/tls-encryption",
		},
	}
}
