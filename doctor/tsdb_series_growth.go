package doctor

import "fmt"

// tsdbSeriesGrowth finds more series than the host's memory holds.
func tsdbSeriesGrowth() Check {
	return Check{
		ID: "tsdb/series-growth", Title: "the series fit into memory",
		After: []string{"tsdb/answers", "tsdb/series-churn"},
		On:    []string{"prometheus"}, Needs: []Shared{Metrics},
		Ask:   asks(askTSDB),
		Judge: perDatabase("tsdb/series-growth", judgeSeriesGrowth),
		Doc: Doc{
			Symptom:  "Prometheus is killed for want of memory, and again while it replays its WAL.",
			Cause:    "The number of series exploded: a new exporter, a label with many values, or one metric with most of them.",
			Evidence: "numSeries of the head × 4 KB against the host's memory, and the resident size of the process against 80 % of it.",
			Fix:      "Find the metric in /api/v1/status/tsdb; drop it, set sample_limit; or more memory.",
			Risk:     "What is dropped is not stored.",
			Source:   "robustperception.io, How much RAM does Prometheus 2.x need; prometheus#13939",
		},
	}
}

func judgeSeriesGrowth(s server) ([]Finding, error) {
	h, err := answer[head](s, askTSDB)
	if err != nil {
		return nil, err
	}
	memory := float64(s.Host.Facts.Memory.Total)
	resident := s.counter("process_resident_memory_bytes")
	const perSeries = 4 << 10
	needs := float64(h.Stats.Series) * perSeries
	if memory == 0 {
		return []Finding{{Level: Unknown, Title: "cannot tell whether the series fit: the host's memory is not known"}}, nil
	}
	if needs < memory*0.8 && resident < memory*0.8 {
		return nil, nil
	}
	return []Finding{{
		Level: Warn, Title: fmt.Sprintf("%d series need most of the host's memory", h.Stats.Series),
		Evidence: append([]Evidence{
			Number("series in the head", float64(h.Stats.Series), "1"), Number("resident", resident, "bytes"), Number("memory of the host", memory, "bytes"),
		}, biggest(s)...),
		Cause: "Memory goes with the number of series. When it is used up the kernel kills prometheus, and the replay needs as much again.",
		Fix:   "drop what is not needed with metric_relabel_configs, set sample_limit, or give the host more memory",
	}}, nil
}
