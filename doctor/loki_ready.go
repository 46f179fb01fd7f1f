package doctor

import (
	"strings"
	"time"
)

// startsWithin is how long Loki may say 503 after its start: its ingester waits 15 s, and replays its log before that.
const startsWithin = time.Minute

func lokiReady() Check {
	const id = "loki/ready"
	return Check{
		ID: id, Title: "Loki answers and is ready", On: lokiKinds, After: []string{"loki/ring", "loki/schema"},
		Ask: askAll(lokiKinds, "/ready"),
		Judge: perComponent(id, lokiKinds, func(h Host, c Component) []Finding {
			r := c.Replies["/ready"]
			u, _ := h.Unit(c.Unit)
			if age, ok := h.activeFor(u); ok && r.Status == 503 && age < startsWithin {
				return one(Note, "Loki is starting: "+shortened(strings.TrimSpace(r.Body), 100), "it is not ready for the first 15 s and while it replays its log", "wait", Number("running for", age.Seconds(), "s"))
			}
			return judgeReady(c, "/ready")
		}),
		Doc: Doc{
			Symptom:  "`Ingester not ready: waiting for 15s after being ready`, 503 on /ready, `empty ring` on queries.",
			Cause:    "Normal for about 15 s after a start; later the ring has no healthy ingester, or the log is being replayed.",
			Evidence: "The answer to /ready from the host itself, and how long the unit has been running: 503 in its first minute is a note.",
			Fix:      "Wait; then look at /ring and the journal.",
			Risk:     "none",
			Source:   "loki pkg/loki/loki.go readyHandler; dskit lifecycler.go",
		},
	}
}
