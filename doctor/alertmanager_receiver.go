package doctor

import (
	"github.com/goccy/go-yaml"
)

const askAMStatus = "/api/v2/status"

// amStatus is the part of /api/v2/status that checks read.
type amStatus struct {
	Cluster struct {
		Status string
		Peers  []struct{ Name, Address string }
	}
	Config      struct{ Original string }
	VersionInfo struct{ Version string } `json:"versionInfo"`
}

// amConfig is the part of the configuration that checks read.
type amConfig struct {
	Route     amRoute
	Receivers []map[string]any
	Inhibit   []struct {
		Equal []string
	} `yaml:"inhibit_rules"`
}

type amRoute struct {
	Receiver string
	Routes   []amRoute
}

// amConfigOf reads the configuration that an Alertmanager runs with. Secrets in it are "<secret>".
func amConfigOf(c Component) (amConfig, []Finding) {
	status, unknown := decode[amStatus](c, askAMStatus)
	if unknown != nil {
		return amConfig{}, unknown
	}
	var config amConfig
	if err := yaml.Unmarshal([]byte(status.Config.Original), &config); err != nil || config.Route.Receiver == "" {
		return config, unsure("cannot tell: its configuration was not understood", "the answer of "+askAMStatus+" has no route with a receiver")
	}
	return config, nil
}

func alertmanagerReceiver() Check {
	const id = "alertmanager/receiver"
	return Check{
		ID: id, Title: "alerts have a receiver that tells somebody", On: []string{"alertmanager"}, After: []string{"alertmanager/ready"},
		Ask:   askAll([]string{"alertmanager"}, askAMStatus),
		Judge: perComponent(id, []string{"alertmanager"}, judgeReceiver),
		Doc: Doc{
			Symptom:  "Alerts are on Alertmanager's page and nobody is ever notified.",
			Cause:    "The receiver of the default route has no integration. monctl installs it so until a receiver is set: therefore a note.",
			Evidence: "The configuration that Alertmanager says it runs with.",
			Fix:      "Add slack_configs, email_configs or webhook_configs to the receiver.",
			Risk:     "none",
			Source:   "Alertmanager configuration: receiver",
		},
	}
}

func judgeReceiver(_ Host, c Component) []Finding {
	config, unknown := amConfigOf(c)
	if unknown != nil {
		return unknown
	}
	empty := map[string]bool{}
	for _, r := range config.Receivers {
		name, _ := r["name"].(string)
		empty[name] = len(r) <= 1
	}
	if !empty[config.Route.Receiver] || anyTold(config.Route, empty) {
		return nil
	}
	return one(Note, "no alert is sent to anybody", "every route ends in a receiver without an integration", "add slack_configs, email_configs or webhook_configs to the receiver "+config.Route.Receiver, Says("receiver of the default route", config.Route.Receiver+" (empty)"))
}

// anyTold says whether some route below leads to a receiver that tells somebody.
func anyTold(r amRoute, empty map[string]bool) bool {
	for _, sub := range r.Routes {
		if sub.Receiver != "" && !empty[sub.Receiver] || anyTold(sub, empty) {
			return true
		}
	}
	return false
}
