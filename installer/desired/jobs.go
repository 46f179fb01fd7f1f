package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// job is one scrape job: all instances of one component, or one app.
type job struct {
	Name, Path, Scheme string
	Params             []Param
	Secret             bool // a parameter is secret
	Targets            []Target
}

// Param is one parameter of the request for metrics.
type Param struct{ Name, Value string }

// Target is one target that a Prometheus of the stack scrapes.
type Target struct {
	Job     string
	Address string // "host:port" as the Prometheus host reaches it
	Labels  map[string]string
	Host    string // inventory name of the host it is on; "" for an app, which monctl does not run
}

// jobs gives every instance that exposes metrics and every app, sorted by job and then in the order of the inventory.
func (s *Stack) jobs(from Instance) []job {
	var jobs []job
	for _, c := range s.Components() {
		if c.Metrics == "" {
			continue
		}
		j := job{Name: c.Name, Path: c.Metrics, Scheme: "http"}
		for _, i := range s.Of(c.Name) {
			j.Targets = append(j.Targets, Target{Job: c.Name, Address: i.From(from.Host.Name), Labels: hostLabels(i), Host: i.Host.Name})
		}
		jobs = append(jobs, j)
	}
	for _, a := range s.Apps {
		if len(a.Targets) > 0 {
			jobs = append(jobs, a.job(s, from))
		}
	}
	slices.SortFunc(jobs, func(a, b job) int { return cmp.Compare(a.Name, b.Name) })
	return jobs
}

// moreJobs renders the scrape templates of all instances as a Prometheus reaches them.
func (s *Stack) moreJobs(from Instance) ([]string, error) {
	var list []string
	for _, i := range s.Instances {
		if i.Component.Scrape == "" {
			continue
		}
		source, err := i.Component.Template(i.Component.Scrape)
		if err != nil {
			return nil, err
		}
		v := s.view(i)
		v.Reached = i.From(from.Host.Name)
		text, err := render(i.Component.Scrape, source, v)
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", i.Component.Name, i.Host.Name, err)
		}
		if text = strings.TrimSpace(text); text != "" {
			list = append(list, text)
		}
	}
	return list, nil
}

// Targets lists what a Prometheus instance must report as up.
func (s *Stack) Targets(prometheus Instance) []Target {
	var targets []Target
	for _, j := range s.jobs(prometheus) {
		targets = append(targets, j.Targets...)
	}
	return targets
}
