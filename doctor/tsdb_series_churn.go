package doctor

import "fmt"

// tsdbSeriesChurn finds series that live shortly: memory and index grow without more being measured.
func tsdbSeriesChurn() Check {
	return Check{
		ID: "tsdb/series-churn", Title: "series live long",
		After: []string{"tsdb/answers"},
		On:    []string{"prometheus"}, Needs: []Shared{Metrics},
		Ask:   asks(askTSDB, askTargets, askRuntime, askEarlier),
		Judge: perDatabase("tsdb/series-churn", judgeSeriesChurn),
		Doc: Doc{
			Symptom:  "Memory grows, queries over long times become slow, a restart takes minutes.",
			Cause:    "A label changes all the time: a request id, a time, a port, a container id.",
			Evidence: "prometheus_tsdb_head_series_created_total over the last ten minutes against the series in the head. More than a tenth of the head, and 5000, in ten minutes is a finding [judgement].",
			Fix:      "Find the metric in /api/v1/status/tsdb, drop the label with metric_relabel_configs, set sample_limit.",
			Risk:     "A dropped label merges series: look for duplicates afterwards.",
			Source:   "prometheus docs/storage.md, docs/practices/naming.md (cardinality)",
		},
	}
}

func judgeSeriesChurn(s server) ([]Finding, error) {
	series, err := s.metric("prometheus_tsdb_head_series")
	if err != nil {
		return nil, err
	}
	age, known := s.age()
	created, rising := s.rise("prometheus_tsdb_head_series_created_total")
	const period, least = 600, 5000
	if !known || age < 3*period || !rising {
		return nil, nil // the first half hour creates every series
	}
	if created < least || created*10 < series {
		return nil, nil
	}
	return []Finding{{
		Level: Warn, Title: fmt.Sprintf("%.0f series were created within ten minutes", created),
		Evidence: append([]Evidence{Number("created", created, "1"), Number("series in the head", series, "1")}, biggest(s)...),
		Cause:    "A label of a metric changes all the time, so that each value makes a new series.",
		Fix:      "drop that label with metric_relabel_configs, and set sample_limit for its job",
	}}, nil
}

// biggest names the metrics with most series.
func biggest(s server) []Evidence {
	h, err := answer[head](s, askTSDB)
	if err != nil {
		return nil
	}
	var list []Evidence
	for _, n := range h.Names[:min(3, len(h.Names))] {
		list = append(list, Number("series of "+n.Name, float64(n.Value), "1"))
	}
	return list
}
