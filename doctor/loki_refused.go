package doctor

import (
	"fmt"
	"regexp"
)

// refusal is one reason for which Loki refuses lines.
type refusal struct {
	id, title string
	said      *regexp.Regexp // what the agent logs of Loki's answer
	reasons   []string       // labels of loki_discarded_samples_total
	says      string
	cause     string
	fix       string
	after     []string
	doc       Doc
}

// refused makes the check of a refusal: agents that were told so in the last hour, and what Loki itself counted since
// its start, which is a note.
func refused(r refusal) Check {
	return Check{
		ID: r.id, Title: r.title, On: append([]string{"loki"}, agentKinds...), Needs: []Shared{Journal, Metrics}, After: r.after,
		Judge: perHost(r.id, func(h Host) []Finding {
			var all []Finding
			for _, c := range h.Of(agentKinds...) {
				if s := h.heard(c.Unit, settled, r.said); s.times > 0 {
					all = append(all, Finding{Component: c.Name, Level: Warn, Title: "Loki refuses lines of " + c.Name + ": " + r.says, Cause: r.cause, Fix: r.fix, Evidence: s.evidence(c.Unit), Since: s.first.At})
				}
			}
			for _, c := range h.Of("loki") {
				dropped := c.Metrics.by("loki_discarded_samples_total", "reason")
				n := 0.0
				for _, reason := range r.reasons {
					n += dropped[reason]
				}
				if c.Running && n > 0 {
					all = append(all, Finding{Component: c.Name, Level: Note, Title: fmt.Sprintf("Loki refused %.0f lines since its start: %s", n, r.says), Cause: r.cause, Fix: r.fix, Evidence: []Evidence{Number("loki_discarded_samples_total", n, "1")}})
				} else if c.Running && len(c.Metrics) == 0 {
					all = append(all, Finding{Component: c.Name, Level: Unknown, Title: "cannot tell: its metrics could not be read"})
				}
			}
			return all
		}),
		Doc: r.doc,
	}
}

const refusedEvidence = "What the agent's journal says of Loki's answers in the last hour (a warning), and loki_discarded_samples_total by reason since Loki's start (a note)."
