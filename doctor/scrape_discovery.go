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
	f := Finding{
		Cause: "What lists the targets does not answer as it should. The last list stays in force.", Fix: "journalctl -u " + orUnknown(s.Unit) + " | grep -i discovery",
	}
	by := map[string]bool{}
	for _, name := range sortedKeys(names) {
		n := s.counter(name)
		risen, known := n, true
		if name != "prometheus_sd_failed_configs" {
			risen, known = s.rise(name)
		}
		if n == 0 || known && risen == 0 {
			continue
		}
		f.Level = max(f.Level, map[bool]Level{true: Fail, false: Warn}[known])
		f.Evidence = append(f.Evidence, Number(name, n, "1"))
		for _, m := range s.mechanisms(name) {
			by[m] = true
		}
	}
	if f.Level == OK {
		return nil, nil
	}
	lines, _ := s.said("Unable to refresh target groups", "DNS resolution failed", "Cannot create service discovery")
	f.Title, f.Evidence = "service discovery fails: "+strings.Join(sortedKeys(by), ", "), append(f.Evidence, last(lines)...)
	return []Finding{f}, nil
}

// mechanisms names the ways of discovery that a counter of failures is about: by its label, else by its own name,
// prometheus_sd_http_failures_total.
func (s server) mechanisms(name string) []string {
	var list []string
	for m, n := range s.Metrics.by(name, "mechanism") {
		if m != "" && n > 0 {
			list = append(list, m)
		}
	}
	if list == nil {
		short := strings.TrimSuffix(strings.TrimPrefix(name, "prometheus_sd_"), "_total")
		list = []string{strings.TrimSuffix(short, "_failures")}
	}
	return list
}
