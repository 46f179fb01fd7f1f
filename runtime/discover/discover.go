// Package discover finds targets with upstream's discoverers. It does what upstream's discovery.Manager does, but sleeps while nothing
// changes: that one looks for news every 50 to 150 ms for ever, and a monitor has two of them, which is most of what an idle one does.
package discover

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
)

// News is sent soon after the first of it, so that what comes together goes together; when news does not end it is sent ever later, up to
// seldom. Upstream's values.
const (
	soon   = 100 * time.Millisecond
	seldom = 5 * time.Second
)

// Finder keeps the targets of a set of jobs.
type Finder struct {
	ctx     context.Context // of the discoverers
	log     *slog.Logger
	metrics *discovery.Metrics
	sd      *discovery.SDMetrics
	out     chan map[string][]*targetgroup.Group
	news    chan struct{} // holds one

	mu        sync.Mutex
	providers []*provider
}

// provider is one discoverer, and the jobs that are configured with it.
type provider struct {
	config discovery.Config
	jobs   []string
	groups map[string]*targetgroup.Group // by source
	stop   func()                        // ends the discoverer and waits for it
}

// New makes a finder without jobs. Its discoverers end with the context.
func New(ctx context.Context, name string, log *slog.Logger, reg prometheus.Registerer, sd *discovery.SDMetrics) (*Finder, error) {
	metrics, err := discovery.NewManagerMetrics(reg, name)
	if err != nil {
		return nil, err
	}
	return &Finder{
		ctx: ctx, log: log, metrics: metrics, sd: sd,
		out: make(chan map[string][]*targetgroup.Group), news: make(chan struct{}, 1),
	}, nil
}

// Targets gives all groups of all jobs, by job, each time that something changed; it is closed when Run ends.
func (f *Finder) Targets() <-chan map[string][]*targetgroup.Group { return f.out }

// Run sends what is found until the context ends, then stops the discoverers.
func (f *Finder) Run(ctx context.Context) error {
	defer close(f.out)
	defer f.replace(nil)
	var sent time.Time
	wait := soon
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.news:
		}
		if time.Since(sent) > seldom {
			wait = soon
		} else {
			wait = min(wait*3/2, seldom)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		select { // what came while waiting goes along
		case <-f.news:
		default:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f.out <- f.all():
			sent = time.Now()
			f.metrics.SentUpdates.Inc()
		}
	}
}

// Apply puts the discovery of all jobs in force. Discoverers whose configuration stays go on. One that cannot be made is logged and counted.
func (f *Finder) Apply(jobs map[string]discovery.Configs) {
	var wanted []*provider
	failed := 0
	for job, configs := range jobs {
		made := 0
		for _, config := range configs {
			p, err := f.provide(&wanted, job, config)
			if err != nil {
				f.log.Error("discovery cannot be made", "type", config.Name(), "job", job, "err", err)
				failed++
				continue
			}
			p.jobs = append(p.jobs, job)
			made++
		}
		if made == 0 { // the job is sent all the same, so that what it had goes
			wanted = append(wanted, &provider{config: discovery.StaticConfig{}, jobs: []string{job}})
		}
	}
	f.metrics.FailedConfigs.Set(float64(failed))
	f.replace(wanted)
	f.tell()
}

// provide finds the provider of a configuration among the wanted ones, takes over the running one, or starts one.
func (f *Finder) provide(wanted *[]*provider, job string, config discovery.Config) (*provider, error) {
	same := func(p *provider) bool { return p.stop != nil && reflect.DeepEqual(p.config, config) }
	if i := slices.IndexFunc(*wanted, same); i >= 0 {
		return (*wanted)[i], nil
	}
	p := f.taken(same)
	if p == nil {
		d, err := config.NewDiscoverer(discovery.DiscovererOptions{
			Logger: f.log.With("discovery", config.Name(), "config", job), Metrics: f.sd.MechanismMetrics[config.Name()], SetName: job,
		})
		if err != nil {
			return nil, err
		}
		p = f.start(config, d)
	}
	*wanted = append(*wanted, p)
	return p, nil
}

// taken copies a running provider, without its jobs; nil when there is none.
func (f *Finder) taken(same func(*provider) bool) *provider {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.providers, same)
	if i < 0 {
		return nil
	}
	old := f.providers[i]
	return &provider{config: old.config, groups: old.groups, stop: old.stop}
}

func (f *Finder) start(config discovery.Config, d discovery.Discoverer) *provider {
	ctx, cancel := context.WithCancel(f.ctx)
	updates, ended := make(chan []*targetgroup.Group), make(chan struct{})
	groups := map[string]*targetgroup.Group{}
	go d.Run(ctx, updates) // ends with the context
	go func() {
		defer close(ended)
		for {
			select {
			case <-ctx.Done():
				return
			case found, ok := <-updates:
				f.metrics.ReceivedUpdates.Inc()
				if !ok { // a static list has been said
					return
				}
				f.keep(groups, found)
			}
		}
	}()
	return &provider{config: config, groups: groups, stop: func() { cancel(); <-ended }}
}

// keep stores groups by their source; one without targets goes.
func (f *Finder) keep(groups map[string]*targetgroup.Group, found []*targetgroup.Group) {
	f.mu.Lock()
	for _, g := range found {
		switch {
		case g == nil: // some discoverers send that
		case len(g.Targets) == 0:
			delete(groups, g.Source)
		default:
			groups[g.Source] = g
		}
	}
	f.mu.Unlock()
	f.tell()
}

func (f *Finder) tell() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// replace puts providers in the place of the present ones, ends those that are not taken over, and drops metrics of jobs that left.
func (f *Finder) replace(wanted []*provider) {
	f.mu.Lock()
	old := f.providers
	f.providers = wanted
	f.mu.Unlock()
	for _, p := range old {
		still := slices.IndexFunc(wanted, func(w *provider) bool { return reflect.DeepEqual(w.config, p.config) })
		for _, job := range p.jobs {
			if still < 0 || !slices.Contains(wanted[still].jobs, job) {
				f.metrics.DiscoveredTargets.DeleteLabelValues(job)
				f.sd.RefreshManager.DeleteLabelValues(p.config.Name(), job)
			}
		}
		if still < 0 && p.stop != nil {
			p.stop()
		}
	}
}

// all are the groups of each job; a job without any has an empty list, so that what it had before goes.
func (f *Finder) all() map[string][]*targetgroup.Group {
	f.mu.Lock()
	defer f.mu.Unlock()
	sets := map[string][]*targetgroup.Group{}
	targets := map[string]int{}
	for _, p := range f.providers {
		for _, job := range p.jobs {
			if sets[job] == nil {
				sets[job] = []*targetgroup.Group{}
			}
			for _, g := range p.groups {
				sets[job] = append(sets[job], g)
				targets[job] += len(g.Targets)
			}
		}
	}
	for job := range sets {
		f.metrics.DiscoveredTargets.WithLabelValues(job).Set(float64(targets[job]))
		f.metrics.LastUpdated.WithLabelValues(job).SetToCurrentTime()
	}
	return sets
}
