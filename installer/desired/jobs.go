package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/monctl/monctl/templates"
)

// job is one scrape job: all instances of one component, or one app.
type job struct {
	Name, Path, Scheme string
	HonorLabels        bool // see templates.Component
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
	Path    string // of its metrics, where that is not its job's
	Labels  map[string]string
	Host    string // inventory name of the host it is on; "" for an app, which monctl does not run
	Unit    string // that exposes it; "" for an app
}

// jobs gives every instance that exposes metrics and every app, sorted by job and then in the order of the inventory.
func (s *Stack) jobs(from Instance) []job {
	var jobs []job
	for _, c := range s.bringing() {
		j := job{Name: c.Name, Path: c.Metrics, Scheme: "http", HonorLabels: c.HonorLabels}
		for _, i := range s.Instances {
			path := s.exposes(i, c)
			if path == "" {
				continue
			}
			t := Target{Job: c.Name, Address: i.From(from.Host.Name), Labels: hostLabels(i), Host: i.Host.Name, Unit: i.Unit()}
			if path != c.Metrics {
				t.Path = path
			}
			j.Targets = append(j.Targets, t)
		}
		if len(j.Targets) > 0 {
			jobs = append(jobs, j)
		}
	}
	if !s.Scrapes(from) {
		return ownJobs(jobs, from)
	}
	for _, a := range s.Apps {
		if len(a.Targets) > 0 {
			jobs = append(jobs, a.job(s, from))
		}
	}
	slices.SortFunc(jobs, func(a, b job) int { return cmp.Compare(a.Name, b.Name) })
	return jobs
}

// ownJobs are those of the instance's own host.
func ownJobs(jobs []job, from Instance) []job {
	for n := range jobs {
		jobs[n].Targets = slices.DeleteFunc(jobs[n].Targets, func(t Target) bool { return t.Host != from.Host.Name })
	}
	return slices.DeleteFunc(jobs, func(j job) bool { return len(j.Targets) == 0 })
}

// exposes is the path at which an instance has the metrics of a component: its own, or those that it serves in the place of
// one that its host does not run. "" is none.
func (s *Stack) exposes(i Instance, c *templates.Component) string {
	switch {
	case i.Component.Name == c.Name && s.ownHost(i): // it is scraped as what it is in the place of
		return ""
	case i.Component.Name == c.Name, s.ownHost(i) && slices.Contains(i.InPlaceOf, c.Name):
		return c.Metrics
	}
	if c.Metrics == "" || s.runs(i.Host.Name, c.Name) {
		return ""
	}
	n := slices.IndexFunc(i.Component.Serves, func(served templates.Served) bool { return served.Component == c.Name })
	if n < 0 {
		return ""
	}
	return i.Component.Serves[n].Path
}

// moreJobs renders the scrape templates of all instances as a Prometheus reaches them.
func (s *Stack) moreJobs(from Instance) ([]string, error) {
	var list []string
	for _, i := range s.Instances {
		if i.Component.Scrape == "" || !s.Scrapes(from) {
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
