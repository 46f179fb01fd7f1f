package doctor

import (
	"fmt"
	"slices"
)

func scrapeRelabelledAway() Check {
	return Check{
		ID: "scrape/relabelled-away", Title: "relabelling drops no job and no listed target",
		After: []string{downAfter},
		Ask:   askJobs,
		Judge: perServer("scrape/relabelled-away", judgeRelabelled),
		Doc: Doc{
			Symptom:  "A target that is in the configuration is not on /targets.",
			Cause:    "A relabel_configs rule with action keep or drop does not let it through, often because a regular expression is anchored at both ends.",
			Evidence: "Jobs whose targets are all dropped, and addresses of static_configs that are not among the active targets of their job.",
			Fix:      "promtool check service-discovery FILE JOB shows the labels before and after.",
			Risk:     "None.",
			Source:   "prometheus docs/configuration/configuration.md (relabel_config); /api/v1/targets",
		},
	}
}

func judgeRelabelled(s server) ([]Finding, error) {
	c, err := s.config()
	if err != nil {
		return nil, err
	}
	list, err := s.targets()
	if err != nil {
		return nil, err
	}
	idle, _ := s.idleJobs()
	var dropped map[string]int
	if len(idle) > 0 {
		if dropped, err = s.dropped(); err != nil {
			return nil, err
		}
	}
	var found []Finding
	for _, j := range c.Jobs {
		fix := "promtool check service-discovery " + quote(orUnknown(s.Flags["config.file"])) + " " + quote(j.Name)
		if n := dropped[j.Name]; n > 0 {
			found = append(found, Finding{
				Level: Fail, Tag: j.Name, Title: fmt.Sprintf("job %s: relabelling drops %s", j.Name, count(n, "target, its only one", "targets, all it has")),
				Evidence: []Evidence{Number("dropped", float64(n), "1"), Number("rules", float64(len(j.Relabel)), "1")},
				Cause:    "No target passes its relabel_configs.", Fix: fix,
			})
			continue
		}
		if away := j.missing(list.Active); len(away) > 0 && len(j.Relabel) > 0 {
			found = append(found, Finding{
				Level: Warn, Tag: j.Name, Title: fmt.Sprintf("job %s: %s relabelled away", j.Name, count(len(away), "listed target is", "listed targets are")),
				Evidence: []Evidence{Says("for example", away[0]), Number("rules", float64(len(j.Relabel)), "1")},
				Cause:    "A rule of relabel_configs does not let it through.", Fix: fix,
			})
		}
	}
	return found, nil
}

// missing gives the addresses of a job's static targets that are not active.
func (j job) missing(active []target) []string {
	there := map[string]bool{}
	for _, t := range active {
		if t.pool() == j.Name {
			there[t.Discovered["__address__"]] = true
		}
	}
	var away []string
	for _, g := range j.Static {
		away = append(away, g.Targets...)
	}
	return slices.DeleteFunc(away, func(address string) bool { return there[address] })
}
