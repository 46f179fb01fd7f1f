package desired

import (
	"cmp"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/templates"
)

// App is an app of the inventory with what its kind adds.
type App struct {
	inventory.App
	As       templates.AppKind
	LogHosts []string // names of the hosts whose log files are read
}

// LogLabels are the labels of its log entries, beside those of the host.
func (a App) LogLabels() map[string]string {
	labels := maps.Clone(a.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels["app"] = a.Name
	return labels
}

// job is the scrape job of an app, as a Prometheus reaches its targets. An instance is named by what the inventory says,
// "vm1:8080": that stays when an address changes.
func (a App) job(s *Stack, from Instance) job {
	j := job{Name: a.Name, Path: cmp.Or(a.Path, a.As.MetricsPath), Scheme: a.Scheme}
	for _, p := range a.Params {
		j.Params = append(j.Params, Param{p.Name, p.Value})
		j.Secret = j.Secret || p.Secret
	}
	for _, t := range a.Targets {
		labels := map[string]string{}
		if h, ok := s.Inventory.Host(t.Host); ok {
			maps.Copy(labels, h.Labels)
		}
		maps.Copy(labels, a.Labels)
		labels["application"], labels["instance"] = a.Name, t.Text
		j.Targets = append(j.Targets, Target{Job: a.Name, Address: s.reach(t, from), Labels: labels})
	}
	return j
}

// reach is the address of a target as seen from the host of an instance.
func (s *Stack) reach(t inventory.Target, from Instance) string {
	h, ok := s.Inventory.Host(t.Host)
	switch {
	case !ok:
		return net.JoinHostPort(t.Host, t.Port)
	case h.Name == from.Host.Name:
		return net.JoinHostPort("127.0.0.1", t.Port)
	}
	return net.JoinHostPort(reachable(h), t.Port)
}

// addApps judges the apps of the inventory and adds them to the stack.
func (s *Stack) addApps() []error {
	kinds, err := templates.AppKinds()
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, a := range s.Inventory.Apps {
		n := 0
		if a.Kind != "" {
			n = slices.IndexFunc(kinds, func(k templates.AppKind) bool { return k.Kind == a.Kind })
		}
		if n < 0 {
			errs = append(errs, s.Inventory.ErrorAt(a.KindPos, "app %s: there is no kind %q%s", a.Name, a.Kind, inventory.Suggest(a.Kind, kindNames(kinds))))
			continue
		}
		a.Dashboard = cmp.Or(a.Dashboard, kinds[n].Dashboard)
		app := App{App: a, As: kinds[n], LogHosts: s.logHosts(a)}
		errs = append(errs, s.judgeApp(app)...)
		s.Apps = append(s.Apps, app)
	}
	return append(errs, s.sharedTargets()...)
}

func kindNames(kinds []templates.AppKind) []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.Kind)
	}
	return names
}

func (s *Stack) logHosts(a inventory.App) []string {
	if len(a.Hosts) > 0 || len(a.Logs) == 0 {
		return a.Hosts
	}
	var hosts []string
	for _, t := range a.Targets {
		if _, ok := s.Inventory.Host(t.Host); ok && !slices.Contains(hosts, t.Host) {
			hosts = append(hosts, t.Host)
		}
	}
	return hosts
}

func (s *Stack) judgeApp(a App) []error {
	var errs []error
	bad := func(pos inventory.Pos, format string, args ...any) {
		errs = append(errs, s.Inventory.ErrorAt(pos, "app "+a.Name+": "+format, args...))
	}
	if _, taken := s.Catalog[a.Name]; taken || strings.HasPrefix(a.Name, "probe-") {
		bad(a.Pos, "the name is one of monctl's own jobs: choose another")
	}
	if len(a.Logs) > 0 && len(a.LogHosts) == 0 {
		bad(a.LogsPos[0], "none of its targets is a host of this file: name the hosts with its logs in hosts")
	}
	for _, h := range a.LogHosts {
		if len(a.Logs) > 0 && !s.runs(h, "alloy") && !s.runs(h, "promtail") {
			bad(a.LogsPos[0], "host %s has no log agent: add alloy to its components", h)
		}
	}
	if len(a.Targets) > 0 && len(s.Scrapers()) == 0 {
		bad(a.Targets[0].Pos, "no host runs prometheus or monitor, which would scrape it")
	}
	for _, p := range s.Scrapers() {
		for _, t := range a.Targets {
			h, ok := s.Inventory.Host(t.Host)
			if ok && h.Name != p.Host.Name && isLoopback(s.reach(t, p)) {
				bad(t.Pos, "%s must be reached from %s: give host %s a scrape_address", t.Text, p.Host.Name, h.Name)
			}
		}
	}
	return errs
}

func (s *Stack) runs(host, component string) bool {
	return slices.ContainsFunc(s.Of(component), func(i Instance) bool { return i.Host.Name == host })
}

// sharedTargets reports one target in two apps: its samples would be there twice.
func (s *Stack) sharedTargets() []error {
	var errs []error
	first := map[string]string{}
	for _, a := range s.Apps {
		for _, t := range a.Targets {
			key := t.Text + " " + cmp.Or(a.Path, a.As.MetricsPath)
			if other, taken := first[key]; taken && other != a.Name {
				errs = append(errs, s.Inventory.ErrorAt(t.Pos, "app %s: target %s is one of app %s already", a.Name, t.Text, other))
			}
			first[key] = a.Name
		}
	}
	return errs
}
