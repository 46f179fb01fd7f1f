package doctor

import "github.com/monctl/monctl/installer/routes"

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

// amConfigOf reads the configuration that an Alertmanager runs with. Secrets in it are "<secret>".
func amConfigOf(c Component) (routes.Config, []Finding) {
	status, unknown := decode[amStatus](c, askAMStatus)
	if unknown != nil {
		return routes.Config{}, unknown
	}
	config, err := routes.Parse(status.Config.Original)
	if err != nil {
		return config, unsure("cannot tell: its configuration was not understood", "the answer of "+askAMStatus+" has no route with a receiver")
	}
	return config, nil
}

// amFaults lists the faults of one kind in the configuration that an Alertmanager runs with.
func amFaults(c Component, kind routes.Kind) (config routes.Config, faults []Evidence, unknown []Finding) {
	config, unknown = amConfigOf(c)
	if unknown != nil {
		return config, nil, unknown
	}
	for _, f := range config.Faults() {
		if f.Kind == kind {
			faults = append(faults, Says("configuration", f.Text))
		}
	}
	return config, faults, nil
}

func alertmanagerReceiver() Check {
	const id = "alertmanager/receiver"
	return Check{
		ID: id, Title: "alerts have a receiver that tells somebody", On: []string{"alertmanager"}, After: []string{"alertmanager/ready"},
		Ask:   askAll([]string{"alertmanager"}, askAMStatus),
		Judge: perComponent(id, []string{"alertmanager"}, judgeReceiver),
		Doc: Doc{
			Symptom:  "Alerts are on Alertmanager's page and nobody is ever notified.",
			Cause:    "The receiver of a route has no integration. monctl installs it so until a receiver is set: therefore a note.",
			Evidence: "The configuration that Alertmanager says it runs with.",
			Fix:      "Add slack_configs, email_configs or webhook_configs to the receiver.",
			Risk:     "none",
			Source:   "Alertmanager configuration: receiver",
		},
	}
}

func judgeReceiver(_ Host, c Component) []Finding {
	config, silent, unknown := amFaults(c, routes.Silent)
	if unknown != nil {
		return unknown
	}
	if len(silent) == 0 {
		return nil
	}
	const fix = "add slack_configs, email_configs or webhook_configs to the receiver; monctl alert test shows that it arrives"
	for _, r := range config.Receivers {
		if name, _ := r["name"].(string); len(config.Integrations(name)) > 0 {
			return one(Note, "some alerts are sent to nobody", "a route ends in a receiver without an integration, which may be meant", fix, silent...)
		}
	}
	return one(Note, "no alert is sent to anybody", "every route ends in a receiver without an integration", fix, silent...)
}
