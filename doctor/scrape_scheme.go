package doctor

import "strings"

func scrapeScheme() Check {
	return Check{
		ID: "scrape/scheme", Title: "http and https are not mixed up",
		After: []string{downAfter, "install/port-taken"}, Ask: askDown,
		Judge: perTrouble("scrape/scheme", troubleScheme, judgeScheme),
		Doc: Doc{
			Symptom:  "`http: server gave HTTP response to HTTPS client`, or `server returned HTTP status 400 Bad Request`.",
			Cause:    "The job says https and the exporter speaks http, or the other way round.",
			Evidence: "The error in Prometheus, and the same request from its host: Go's servers answer `Client sent an HTTP request to an HTTPS server.`",
			Fix:      "Set scheme: of the job.",
			Risk:     "None.",
			Source:   "Go net/http (transport.go, server.go)",
		},
	}
}

func judgeScheme(d downTarget) Finding {
	if strings.Contains(d.LastError, "status 400") {
		page := d.server.Host.Pages[d.URL]
		if strings.Contains(page.Body, "HTTPS server") || strings.Contains(page.Body, "HTTPS port") {
			return Finding{
				Title: d.name() + " speaks https, the job says http", Cause: "The exporter has TLS on that port.",
				Fix: "set scheme: https for job " + d.Labels["job"], Evidence: []Evidence{Says("it answers", clip(page.Body))},
			}
		}
		return Finding{
			Title: d.name() + " refuses the request as malformed", Cause: "The answer is 400: its parameters are wrong, or it is another service.",
			Fix: "see what it says: curl " + quote(d.URL), Evidence: []Evidence{Says("it answers", clip(page.Body))},
		}
	}
	return Finding{
		Title: d.name() + " speaks http, the job says https", Cause: "The exporter has no TLS on that port.",
		Fix: "set scheme: http for job " + d.Labels["job"] + ", or give the exporter a --web.config.file",
	}
}
