package doctor

import "time"

// promtailEnd is when support of promtail ended (Loki docs, send-data/promtail).
var promtailEnd = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func lokiPromtailEnd() Check {
	const id = "loki/promtail-end"
	return Check{
		ID: id, Title: "the log agent still gets security fixes", On: []string{"promtail"},
		Judge: perComponent(id, []string{"promtail"}, func(Host, Component) []Finding {
			return one(Note, "promtail is at its end of life since "+promtailEnd.Format(time.DateOnly), "Grafana Alloy takes its place; promtail gets no fixes any more", "alloy convert --source-format=promtail, with legacy_positions_file", Says("end of life", promtailEnd.Format(time.DateOnly)))
		}),
		Doc: Doc{
			Symptom:  "None yet.",
			Cause:    "promtail's support ended on 2026-03-02.",
			Evidence: "A running promtail.",
			Fix:      "`alloy convert --source-format=promtail`; keep the positions with legacy_positions_file.",
			Risk:     "lines that come twice, or are refused as old, when the positions are not taken along",
			Source:   "Loki docs send-data/promtail; alloy PR#4275",
		},
	}
}
