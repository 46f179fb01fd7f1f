package doctor

import (
	"context"
	"fmt"
)

func scrapeNoTargets() Check {
	return Check{
		ID: "scrape/no-targets", Title: "every job has targets",
		After: []string{downAfter, "scrape/file-sd", "scrape/discovery"},
		Ask:   askJobs,
		Judge: perServer("scrape/no-targets", judgeNoTargets),
		Doc: Doc{
			Symptom:  "The job is not on /targets at all; nothing is red.",
			Cause:    "Its service discovery finds nothing: a file_sd path that matches no file, an empty list, a wrong name.",
			Evidence: "The jobs of /api/v1/status/config against the active and dropped targets.",
			Fix:      "promtool check service-discovery FILE JOB shows what is found.",
			Risk:     "None.",
			Source:   "prometheus docs/configuration/configuration.md (scrape_config)",
		},
	}
}

// askJobs asks for dropped targets only when a job has no other: the list can be long.
func askJobs(ctx context.Context, q *Questions) {
	for _, c := range q.Host().Of("prometheus") {
		if c.Base == "" {
			continue
		}
		q.Get(ctx, c, askConfig)
		q.Get(ctx, c, askTargets)
		q.Get(ctx, c, askFlags)
		if hasJobWithoutTargets(q, c) {
			q.Get(ctx, c, askDropped)
		}
	}
}

const askDropped = "/api/v1/targets?state=dropped"

func hasJobWithoutTargets(q *Questions, c Component) bool {
	replies := map[string]Reply{}
	for _, path := range []string{askConfig, askTargets} {
		replies[path] = q.Get(context.Background(), c, path) // answered before: it asks nothing
	}
	c.Replies = replies
	idle, err := server{Component: c}.idleJobs()
	return err == nil && len(idle) > 0
}

// idleJobs gives the jobs that have no active target.
func (s server) idleJobs() ([]job, error) {
	c, err := s.config()
	if err != nil {
		return nil, err
	}
	list, err := s.targets()
	if err != nil {
		return nil, err
	}
	has := map[string]bool{}
	for _, t := range list.Active {
		has[t.pool()] = true
	}
	var idle []job
	for _, j := range c.Jobs {
		if !has[j.Name] {
			idle = append(idle, j)
		}
	}
	return idle, nil
}

// pool is the job that a target comes from, whatever relabelling made of its label job. Before 2.14 it is not told.
func (t target) pool() string {
	if t.Pool == "" {
		return t.Discovered["job"]
	}
	return t.Pool
}

// dropped counts the targets of each job that relabelling dropped.
func (s server) dropped() (map[string]int, error) {
	list, err := answer[struct {
		Dropped []target       `json:"droppedTargets"`
		Counts  map[string]int `json:"droppedTargetCounts"`
	}](s, askDropped)
	if err != nil {
		return nil, err
	}
	if len(list.Counts) > 0 {
		return list.Counts, nil
	}
	counts := map[string]int{}
	for _, t := range list.Dropped {
		counts[t.Discovered["job"]]++
	}
	return counts, nil
}

func judgeNoTargets(s server) ([]Finding, error) {
	idle, err := s.idleJobs()
	if err != nil || len(idle) == 0 {
		return nil, err
	}
	dropped, err := s.dropped()
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, j := range idle {
		if dropped[j.Name] > 0 {
			continue
		}
		one := Finding{
			Level: Warn, Tag: j.Name, Title: "job " + j.Name + " has no target", Evidence: []Evidence{Number("active", 0, "1"), Number("dropped", 0, "1")},
			Cause: "Its service discovery finds nothing.", Fix: "promtool check service-discovery " + quote(orUnknown(s.Flags["config.file"])) + " " + quote(j.Name),
		}
		if len(j.Files) > 0 {
			one.Cause = "No target is in its files, or no file is there: " + fmt.Sprint(j.Files[0].Files) + "."
		}
		found = append(found, one)
	}
	return found, nil
}
