package doctor

import (
	"github.com/goccy/go-yaml"
)

// lokiConfig is the part of /config that checks read.
type lokiConfig struct {
	Compactor struct {
		Enabled bool   `yaml:"retention_enabled"`
		Store   string `yaml:"delete_request_store"`
	}
	Limits struct {
		Retention string `yaml:"retention_period"`
	} `yaml:"limits_config"`
}

func lokiRetention() Check {
	const id = "loki/retention"
	return Check{
		ID: id, Title: "Loki deletes what is older than it should keep", On: lokiKinds, After: []string{"loki/ready"},
		Ask: askAll(lokiKinds, "/config"),
		Judge: perComponent(id, lokiKinds, func(_ Host, c Component) []Finding {
			r, unknown := c.reply("/config")
			var config lokiConfig
			if unknown != nil {
				return unknown
			}
			if err := yaml.Unmarshal([]byte(r.Body), &config); err != nil || r.Status != 200 {
				return unsure("cannot tell: /config was not understood", "another version of Loki, or a proxy before it")
			}
			period := config.Limits.Retention
			never := period == "" || period == "0s" || period == "0"
			switch {
			case !config.Compactor.Enabled && !never:
				return one(Warn, "Loki's retention_period of "+period+" has no effect", "compactor.retention_enabled is false: nothing is ever deleted", "compactor: {retention_enabled: true, delete_request_store: filesystem}", Says("retention_period", period), Says("retention_enabled", "false"))
			case !config.Compactor.Enabled:
				return one(Note, "Loki keeps logs for ever", "retention is off, which is the default; the disk fills one day", "compactor.retention_enabled: true and limits_config.retention_period", Says("retention_enabled", "false"))
			}
			return nil
		}),
		Doc: Doc{
			Symptom:  "The disk fills although retention_period is set.",
			Cause:    "Only the compactor deletes, and only with `retention_enabled: true` and a delete_request_store.",
			Evidence: "The configuration that Loki says it runs with (/config).",
			Fix:      "Turn the compactor's retention on.",
			Risk:     "logs older than the period are deleted for good, as configured",
			Source:   "Loki docs: retention",
		},
	}
}
