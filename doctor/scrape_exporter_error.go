package doctor

import "strings"

func scrapeExporterError() Check {
	return Check{
		ID: "scrape/exporter-error", Title: "the targets answer without an error",
		After: []string{downAfter, "install/port-taken", "install/file-limit"}, Ask: askDown,
		Judge: perTrouble("scrape/exporter-error", troubleOther, func(d downTarget) Finding {
			found := Finding{
				Title: "the scrape of " + d.name() + " fails: " + shortened(d.LastError, 120), Cause: "The answer broke off, or is of a kind that monctl does not know.",
				Fix: "curl -sv -o /dev/null " + quote(d.URL) + "  (on " + d.server.Host.Name + "), and the log of the exporter",
			}
			if strings.Contains(d.LastError, "HTTP status 5") {
				found.Title, found.Cause = d.name()+" answers with an error of its own", "The exporter, or a proxy before it, failed. Its log says why."
				found.Fix = "journalctl of the exporter on " + d.on() + "; curl " + quote(d.URL)
			}
			return found
		}),
		Doc: Doc{
			Symptom:  "`server returned HTTP status 500 Internal Server Error`, `502 Bad Gateway`, `EOF`, `connection reset by peer`, or any other error at a target that no other check explains.",
			Cause:    "The exporter failed, crashed while it answered, or a proxy before it did.",
			Evidence: "The error in Prometheus. No target that is down is left without a finding.",
			Fix:      "What the exporter's log says.",
			Risk:     "None.",
			Source:   "prometheus scrape/scrape.go; client_golang promhttp (500 when a collector fails)",
		},
	}
}
