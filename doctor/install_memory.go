package doctor

func installMemory() Check {
	const id = "install/memory"
	return Check{
		ID:    id,
		Title: "there is memory left",
		Judge: perHost(id, func(h Host) []Finding {
			m := h.Facts.Memory
			if len(h.Components) == 0 || m.Total == 0 || m.Available == 0 || float64(m.Available) > 0.05*float64(m.Total) {
				return nil
			}
			return one(Note, "only "+percent(float64(m.Available), float64(m.Total))+" of the memory is available", "what runs on the host uses nearly all of it; the next peak ends in an OOM kill",
				"ps -eo rss,comm --sort=-rss | head", Number("available", float64(m.Available), "bytes"), Number("memory", float64(m.Total), "bytes"))
		}),
		Doc: Doc{
			Symptom:  "Slow queries, swapping, later `Out of memory: Killed process`.",
			Cause:    "The host is too small for what runs on it, or one process grows (cardinality).",
			Evidence: "MemAvailable of MemTotal, below 5 %. One moment only, therefore a note.",
			Fix:      "Look at who uses it; lower the cardinality or add memory.",
			Risk:     "none",
			Source:   "proc(5) /proc/meminfo",
		},
	}
}
