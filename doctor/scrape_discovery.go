package doctor

import (
	"errors"
	"strings"
)

func scrapeDiscovery() Check {
	return Check{
		ID: "scrape/discovery", Title: "service discovery works",
		After: []string{downAfter},
		Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Ask:   asks(askTargets, askRuntime, askEarlier),
		Judge: perServer("scrape/discovery", judgeDiscovery),
		Doc: Doc{
			Symptom:  "New machines do not appear; `Unable to refresh target groups`, `DNS resolution failed` in the log.",
			Cause:    "DNS, Consul, Kubernetes or the cloud's API does not answer, or does not accept the credentials.",
			Evidence: "The failure counters prometheus_sd_*_failures_total over ten minutes, and prometheus_sd_failed_configs.",
			Fix:      "What the message names.",
			Risk:     "None.",
			Source:   "prometheus discovery/*/metrics.go; mixin PrometheusSDRefreshFailure",
		},
	}
}

func judgeDiscovery(s server) ([]Finding, error) {
	if len(s.Metrics) == 0 {
		return nil, errors.New("/metrics was not read")
	}
	names := map[string]bool{}
	for series := range s.Metrics {
		name, _, _ := strings.Cut(series, "{")
		if strings.HasPrefix(name, "prometheus_sd_") && (strings.HasSuffix(name, "_failures_total") || name == "prometheus_sd_failed_configs") {
			names[name] = true
		}
	}
	lines, _ := s.said("Unable to refresh target groups", "DNS resolution failed", "Cannot create service discovery")
	var found []Finding
	for _, name := range sortedKeys(names) {
		n := s.counter(name)
		by, known := n, true
		if name != "prometheus_sd_failed_configs" {
			by, known = s.rise(name)
		}
		if n == 0 || known && by == 0 {
			continue
		}
		level := Fail
		if !known {
			level = Warn
		}
		found = append(found, Finding{
			Level: level, Tag: name, Title: "service discovery fails: " + strings.TrimSuffix(strings.TrimPrefix(name, "prometheus_sd_"), "_total"),
			Evidence: append([]Evidence{Number(name, n, "1")}, last(lines)...),
			Cause:    "What lists the targets does not answer as it should. The last list stays in force.", Fix: "journalctl -u " + orUnknown(s.Unit) + " | grep -i discovery",
		})
	}
	return found, nil
}
