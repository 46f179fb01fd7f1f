package doctor

import "strings"

func scrapeLimit() Check {
	return Check{
		ID: "scrape/limit", Title: "no target exceeds the limits of its job",
		After: []string{downAfter}, Ask: askDown,
		Judge: perTrouble("scrape/limit", troubleLimit, judgeLimit),
		Doc: Doc{
			Symptom:  "`sample limit exceeded`, `body size limit exceeded`, `label_limit exceeded (metric: …)`, `label_name_length_limit`, `label_value_length_limit`, `target_limit exceeded`",
			Cause:    "The page is larger than the job allows; the whole scrape is then thrown away.",
			Evidence: "The error in Prometheus.",
			Fix:      "Find what grew; raise the limit only when the memory allows it.",
			Risk:     "More series take more memory, some 4 KB each.",
			Source:   "prometheus scrape/target.go, scrape/scrape.go; docs/configuration/configuration.md",
		},
	}
}

func judgeLimit(d downTarget) Finding {
	limit := "sample_limit"
	for _, name := range []string{"body size", "label_limit", "label_name_length_limit", "label_value_length_limit", "target_limit", "bucket limit"} {
		if strings.Contains(d.LastError, name) {
			limit = map[string]string{"body size": "body_size_limit", "bucket limit": "native_histogram_bucket_limit"}[name]
			if limit == "" {
				limit = name
			}
		}
	}
	return Finding{
		Title: d.name() + " exceeds " + limit + ": nothing of it is stored",
		Cause: "The page holds more than " + limit + " of job " + d.Labels["job"] + " allows.",
		Fix:   "find what grew: curl -s " + quote(d.URL) + " | grep -v '^#' | cut -d'{' -f1 | sort | uniq -c | sort -n | tail; then drop it or raise " + limit,
	}
}
