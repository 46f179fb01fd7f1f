package installer

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/templates"
)

// A Prometheus scrapes a target for the first time at a moment that it derives from the target's labels, somewhere
// within one scrape interval after it starts. So that a fresh Prometheus proves its targets in about a second instead
// of fifteen, it starts with an interval of one second; once its targets are up it gets the configuration of the
// plan and reloads. A run that is cut off in between is put right by the next one, which sees the file differ.

// quickProofFor bounds the time with the short interval.
const quickProofFor = 15 * time.Second

// quickFiles are, per host, the files that a change writes in place of those of the plan, by key.
type quickFiles map[string]map[string]resource.File

// quickProof gives, per host that starts a Prometheus, its configuration file with the short interval.
func (r *Run) quickProof(wave []*Host) quickFiles {
	quick := quickFiles{}
	var fast *desired.Stack
	for _, h := range wave {
		starting := slices.DeleteFunc(r.Stack.ScrapersOn(h.Name), func(i desired.Instance) bool { return !starts(h.Plan, i.Unit()) })
		if len(starting) == 0 {
			continue
		}
		if fast == nil {
			fast = r.Stack.Override(func(c *templates.Component) bool { return c.Scrapes }, map[string]any{"scrape_interval": "1s", "scrape_timeout": "1s"})
		}
		resources, err := fast.Resources(h.Name, randomSecret)
		if err != nil {
			continue // the plan itself was made of the same parts; without the short interval the proof only takes longer
		}
		for _, res := range resources {
			f, ok := res.(resource.File)
			if ok && isScrapeConfig(f.Path, starting) && changes(h.Plan, f.Key()) {
				quick.add(h.Name, f)
			}
		}
	}
	return quick
}

func (q quickFiles) add(host string, f resource.File) {
	if q[host] == nil {
		q[host] = map[string]resource.File{}
	}
	q[host][f.Key()] = f
}

// has says whether an instance starts with the short interval.
func (q quickFiles) has(i desired.Instance) bool {
	_, ok := q[i.Host.Name][resource.File{Path: i.Config() + "/prometheus.yml"}.Key()]
	return ok
}

// isScrapeConfig says whether a file is the configuration of one of the instances.
func isScrapeConfig(path string, scrapers []desired.Instance) bool {
	return slices.ContainsFunc(scrapers, func(i desired.Instance) bool { return path == i.Config()+"/prometheus.yml" })
}

// scraperUnit says whether a unit is that of an instance that scrapes, on a host.
func (r *Run) scraperUnit(host, unit string) bool {
	return slices.ContainsFunc(r.Stack.ScrapersOn(host), func(i desired.Instance) bool { return i.Unit() == unit })
}

func changes(p plan.Plan, key string) bool {
	return slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.Resource.Key() == key })
}

// headStart lets the hosts that start a Prometheus go first: a Prometheus looks for its targets five seconds after its
// start (the interval of its scrape manager), and the others are installed in that time.
type headStart struct {
	waiting map[string]bool // hosts that have not started theirs
	mu      sync.Mutex
	over    chan struct{}
}

func newHeadStart(quick quickFiles) *headStart {
	s := &headStart{waiting: map[string]bool{}, over: make(chan struct{})}
	for host := range quick {
		s.waiting[host] = true
	}
	if len(quick) == 0 {
		close(s.over)
	}
	return s
}

// wait holds a host back that is not one of the first, for as long as they take and a moment at most.
func (s *headStart) wait(ctx context.Context, host string) {
	s.mu.Lock()
	first := s.waiting[host]
	s.mu.Unlock()
	if first {
		return
	}
	select {
	case <-s.over:
	case <-time.After(headStartFor):
	case <-ctx.Done():
	}
}

// headStartFor bounds the head start: over a slow link, the others do not wait for the transfer.
const headStartFor = 3 * time.Second

// done notes that a host has started its Prometheus, or will not.
func (s *headStart) done(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.waiting[host] {
		return
	}
	delete(s.waiting, host)
	if len(s.waiting) == 0 {
		close(s.over)
	}
}

func starts(p plan.Plan, unit string) bool {
	for _, c := range p.Changes {
		if s, ok := c.Resource.(resource.Service); ok && s.Unit == unit {
			return c.Action == plan.Start
		}
	}
	return false
}

// endQuickProof gives an instance the configuration of the plan.
func (r *Run) endQuickProof(ctx context.Context, h *Host, i desired.Instance) error {
	final := plan.Plan{Host: h.Name}
	for _, c := range h.Plan.Changes {
		switch res := c.Resource.(type) {
		case resource.File:
			if isScrapeConfig(res.Path, []desired.Instance{i}) {
				final.Changes = append(final.Changes, c)
			}
		case resource.Service:
			if res.Unit == i.Unit() {
				final.Changes = append(final.Changes, plan.Change{Resource: res, Action: plan.Reload, Why: "proven"})
			}
		}
	}
	return r.applyPlan(ctx, h, final, nil)
}
