package doctor

import "errors"

func scrapeConfigReload() Check {
	return Check{
		ID: "scrape/config-reload", Title: "the configuration in force is the one on the disk",
		After: []string{downAfter},
		Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Ask:   asks(askRuntime),
		Judge: perServer("scrape/config-reload", judgeConfigReload),
		Doc: Doc{
			Symptom:  "A new target does not appear; `Error loading config` or `Error reloading config` in the log.",
			Cause:    "The configuration, or a rule file that it names, has a mistake: Prometheus goes on with the old one, and does not start the next time.",
			Evidence: "reloadConfigSuccess of /api/v1/status/runtimeinfo, prometheus_config_last_reload_successful and the journal.",
			Fix:      "promtool check config FILE names the line; then systemctl reload.",
			Risk:     "None.",
			Source:   "prometheus cmd/prometheus/main.go reloadConfig; mixin PrometheusBadConfig",
		},
	}
}

func judgeConfigReload(s server) ([]Finding, error) {
	info, err := answer[struct {
		OK   *bool  `json:"reloadConfigSuccess"`
		Last string `json:"lastConfigTime"`
	}](s, askRuntime)
	if err == nil && info.OK == nil {
		err = errors.New(askRuntime + ": the answer has no reloadConfigSuccess")
	}
	if err != nil || *info.OK {
		return nil, err
	}
	lines, _ := s.said("Error loading config", "Error reloading config", "Failed to apply configuration", "couldn't load configuration", "Loading configuration file failed")
	file := s.Flags["config.file"]
	if file == "" {
		file = "prometheus.yml"
	}
	return []Finding{{
		Level: Fail, Title: "the last reload of the configuration failed: an old one is in force",
		Evidence: append([]Evidence{Says("in force since", info.Last), Number("prometheus_config_last_reload_successful", s.counter("prometheus_config_last_reload_successful"), "1")}, last(lines)...),
		Cause:    "The file has a mistake. The next start of prometheus fails with it.",
		Fix:      "promtool check config " + quote(file) + "; then systemctl reload " + orUnknown(s.Unit),
	}}, nil
}
