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
			Symptom:  "A new target does not appear, or Prometheus does not start; `Error loading config` or `Error reloading config` in the log.",
			Cause:    "The configuration, or a rule file that it names, has a mistake: Prometheus goes on with the old one, and does not start the next time.",
			Evidence: "reloadConfigSuccess of /api/v1/status/runtimeinfo, prometheus_config_last_reload_successful and the journal; of one that does not run, the journal of its last start.",
			Fix:      "promtool check config FILE names the line; then systemctl reload, or start.",
			Risk:     "None.",
			Source:   "prometheus cmd/prometheus/main.go reloadConfig; mixin PrometheusBadConfig",
		},
	}
}

// saysConfig are the words of main.go about a configuration that it does not take.
var saysConfig = []string{"Error loading config", "Error reloading config", "Failed to apply configuration", "couldn't load configuration", "Loading configuration file failed"}

func judgeConfigReload(s server) ([]Finding, error) {
	lines, _ := s.said(saysConfig...)
	check := "promtool check config " + quote(orElse(s.Flags["config.file"], "prometheus.yml"))
	if !s.Running && len(lines) > 0 {
		return []Finding{{
			Level: Fail, Title: "prometheus does not start: its configuration has a mistake", Evidence: last(lines),
			Cause: "It refuses the file, or one that the file names.", Fix: check + "; then systemctl start " + orUnknown(s.Unit),
		}}, nil
	}
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
	return []Finding{{
		Level: Fail, Title: "the last reload of the configuration failed: an old one is in force",
		Evidence: append([]Evidence{Says("in force since", info.Last), Number("prometheus_config_last_reload_successful", s.counter("prometheus_config_last_reload_successful"), "1")}, last(lines)...),
		Cause:    "The file has a mistake. The next start of prometheus fails with it.",
		Fix:      check + "; then systemctl reload " + orUnknown(s.Unit),
	}}, nil
}
