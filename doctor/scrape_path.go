package doctor

import (
	"regexp"
	"strings"
)

func scrapePath() Check {
	return Check{
		ID: "scrape/path", Title: "the targets have a metrics page at that path",
		After: []string{downAfter, "install/port-taken"}, Ask: askDown,
		Judge: perTrouble("scrape/path", troublePath, func(d downTarget) Finding {
			status := statusText.FindString(d.LastError)
			found := Finding{
				Title: d.name() + " has no metrics at that path", Cause: "It answers " + status + ": metrics_path is wrong, or another service is behind the port.",
				Fix: "correct metrics_path of job " + d.Labels["job"] + "; most exporters have /metrics, Grafana and Loki too",
			}
			if prefix := d.prefix(); prefix != "" {
				found.Cause = "It answers " + status + ": the server there was told to answer below " + prefix + "."
				found.Fix = "set metrics_path: " + prefix + "/metrics for job " + d.Labels["job"]
			}
			return found
		}),
		Doc: Doc{
			Symptom:  "`server returned HTTP status 404 Not Found`, `405 Method Not Allowed`, or a redirect.",
			Cause:    "A wrong metrics_path, a component with a route prefix, or another service on that port.",
			Evidence: "The status that Prometheus got; for examined hosts the flags of the program behind the port.",
			Fix:      "Set metrics_path of the job.",
			Risk:     "None.",
			Source:   "prometheus scrape/scrape.go; docs/configuration/configuration.md (metrics_path)",
		},
	}
}

var statusText = regexp.MustCompile(`\d{3}( [A-Z][A-Za-z ]+)?`)

// prefix is the path below which the program behind the port answers.
func (d downTarget) prefix() string {
	c, ok := d.component()
	if !ok {
		return ""
	}
	return strings.TrimSuffix(prefixOf(c.Flags), "/")
}
