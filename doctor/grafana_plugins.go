package doctor

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/monctl/monctl/installer/dashboard"
)

func grafanaPlugins() Check {
	const id = "grafana/plugins"
	return Check{
		ID: id, Title: "this Grafana can draw the panels of its dashboards", On: grafanaKinds, Root: true, Reads: []string{grafanaCheck},
		Ask:   askAll(grafanaKinds, askHealth),
		Judge: perComponent(id, grafanaKinds, judgePlugins),
		Doc: Doc{
			Symptom:  "`Panel plugin not found: vonage-status-panel`, `This panel requires Angular (deprecated)`.",
			Cause:    "The dashboard was made for an older Grafana; AngularJS is off since 11 and gone since 12.",
			Evidence: "Panel types in the provisioned dashboard files, and the version that /api/health gives.",
			Fix:      "Change the panel to its successor.",
			Risk:     "low",
			Source:   "Grafana docs: Angular support deprecation",
		},
	}
}

func judgePlugins(h Host, c Component) []Finding {
	var health struct{ Version string }
	if json.Unmarshal([]byte(c.Replies[askHealth].Body), &health) != nil || health.Version == "" || olderThan(health.Version, 11) {
		return nil
	}
	files := map[string]string{}
	for _, v := range h.grafanaAnswer(c).All("found") {
		file, found, _ := strings.Cut(v, "|")
		panel := strings.Trim(strings.TrimPrefix(found, `"type":`), `"`)
		if dashboard.Dead(panel) != "" {
			files[file] = panel
		}
	}
	if len(files) == 0 {
		return nil
	}
	first := sortedKeys(files)[0]
	return one(Warn, fmt.Sprintf("%d dashboards have panels that Grafana %s cannot draw: %s in %s", len(files), health.Version, files[first], path.Base(first)), "AngularJS is off since 11 and gone since 12",
		"change it to "+dashboard.Dead(files[first]), Says("file", first), Says("panel", files[first]))
}
