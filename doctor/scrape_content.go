package doctor

import "strings"

func scrapeContent() Check {
	return Check{
		ID: "scrape/content", Title: "the targets answer with metrics",
		After: []string{downAfter, "install/port-taken"}, Ask: askDown,
		Judge: perTrouble("scrape/content", troubleContent, judgeContent),
		Doc: Doc{
			Symptom:  "`\"INVALID\" is not a valid start token`, `expected a valid start token, got …`, `invalid metric type`, `received unsupported Content-Type \"text/html\"`, `non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target`",
			Cause:    "The page is HTML or JSON: a wrong port or path, a login page or a proxy. Or the exporter has a mistake. From 3.0 on Prometheus no longer guesses the format without a Content-Type.",
			Evidence: "The error in Prometheus, and type and beginning of the same page as its host gets it.",
			Fix:      "Correct the address; for a real exporter without a type fallback_scrape_protocol: PrometheusText0.0.4.",
			Risk:     "None.",
			Source:   "prometheus model/textparse, docs/migration.md; prometheus#15485",
		},
	}
}

func judgeContent(d downTarget) Finding {
	page := d.server.Host.Pages[d.URL]
	found := Finding{
		Title: "the page of " + d.name() + " is not what Prometheus can read", Cause: "A line of it is no metric: the exporter has a mistake.",
		Fix: "curl -s " + quote(d.URL) + " | promtool check metrics  (on " + d.server.Host.Name + ")",
	}
	body := strings.ToLower(strings.TrimSpace(page.Body))
	switch {
	case strings.HasPrefix(body, "<"), strings.Contains(d.LastError, "text/html"), strings.Contains(d.LastError, `"<"`):
		found.Title = "the page of " + d.name() + " is HTML, not metrics"
		found.Cause, found.Fix = "It is a page for people: a wrong port or path, a login page or a proxy.", "correct the address or metrics_path of job "+d.Labels["job"]
	case strings.HasPrefix(body, "{"), strings.HasPrefix(body, "["), strings.Contains(d.LastError, "application/json"):
		found.Title = "the page of " + d.name() + " is JSON, not metrics"
		found.Cause, found.Fix = "It is an API, not a metrics page.", "correct metrics_path of job "+d.Labels["job"]
	case strings.Contains(d.LastError, "blank Content-Type"):
		found.Title = "the page of " + d.name() + " has no Content-Type"
		found.Cause, found.Fix = "From 3.0 on Prometheus does not guess the format.", "set fallback_scrape_protocol: PrometheusText0.0.4 for job "+d.Labels["job"]
	}
	if page.Status != 0 {
		first, _, _ := strings.Cut(strings.TrimSpace(page.Body), "\n")
		found.Evidence = []Evidence{Says("content type", orUnknown(page.Type)), Says("it begins with", shortened(first, 100))}
	}
	return found
}
