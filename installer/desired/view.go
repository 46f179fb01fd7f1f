package desired

import (
	"cmp"
	"maps"
	"net"
	"slices"
	"strings"
)

// view is what the templates of a component see of one instance and of the stack around it.
type view struct {
	Component, Title, Version, Docs string
	Host, User, Unit                string
	Config, Data, Release           string // folders on the host; Release is the link to the release in use
	Listen                          string // "host:port" or ":port"
	Address                         string // bind address alone, "" for all
	Port                            int
	Set                             map[string]any
	Secrets                         map[string]string // name to the path of its file

	Jobs          []job        // scrape jobs of the whole stack, as this host reaches the targets
	Alertmanagers []string     // "host:port"
	Rules         []string     // file names below rules/
	Prometheis    []Datasource // every Prometheus of the stack, the one on this host first
}

// job is one scrape job: all instances of one component.
type job struct {
	Name, Path string
	Targets    []Target
}

// Target is one target that a Prometheus of the stack must report as up.
type Target struct {
	Job     string
	Address string // "host:port" as the Prometheus host reaches it
	Labels  map[string]string
	Host    string // inventory name of the host it is on
}

// Datasource is a Prometheus as Grafana needs it.
type Datasource struct{ Title, UID, URL, ScrapeInterval string }

// PrometheusUID is the datasource UID that dashboards bind to.
const PrometheusUID = "monctl-prometheus"

func (s *Stack) view(i Instance) view {
	secrets := map[string]string{}
	for _, s := range i.Component.Secrets {
		secrets[s.Name] = i.SecretPath(s.Name)
	}
	return view{
		Secrets:   secrets,
		Component: i.Component.Name, Title: i.Component.Title, Version: i.Release.Version, Docs: i.Component.Docs,
		Host: i.Host.Name, User: i.User(), Unit: i.Unit(), Config: i.Config(), Data: i.Data, Release: i.Current(),
		Listen: i.Listen(), Address: i.Bind, Port: i.Port, Set: i.Set,
		Jobs: s.jobs(i), Alertmanagers: s.Alertmanagers(i), Rules: slices.Sorted(maps.Keys(s.rules())), Prometheis: s.Datasources(i),
	}
}

// jobs gives every instance that exposes metrics, sorted by component and then in the order of the inventory.
func (s *Stack) jobs(from Instance) []job {
	var jobs []job
	for _, c := range s.Components() {
		if c.Metrics == "" {
			continue
		}
		j := job{Name: c.Name, Path: c.Metrics}
		for _, i := range s.Of(c.Name) {
			labels := map[string]string{"instance": i.Host.Name}
			maps.Copy(labels, i.Host.Labels)
			j.Targets = append(j.Targets, Target{Job: c.Name, Address: i.From(from.Host.Name), Labels: labels, Host: i.Host.Name})
		}
		jobs = append(jobs, j)
	}
	slices.SortFunc(jobs, func(a, b job) int { return cmp.Compare(a.Name, b.Name) })
	return jobs
}

// Targets lists what a Prometheus instance must report as up.
func (s *Stack) Targets(prometheus Instance) []Target {
	var targets []Target
	for _, j := range s.jobs(prometheus) {
		targets = append(targets, j.Targets...)
	}
	return targets
}

// Alertmanagers lists the addresses that a Prometheus sends alerts to.
func (s *Stack) Alertmanagers(from Instance) []string {
	var addresses []string
	for _, i := range s.Of("alertmanager") {
		addresses = append(addresses, i.From(from.Host.Name))
	}
	return addresses
}

// rules are the rule files of all components of the stack: file name to content.
func (s *Stack) rules() map[string][]byte {
	files := map[string][]byte{}
	for _, c := range s.Components() {
		maps.Copy(files, prefixed(c.Name, c.Rules))
	}
	return files
}

// dashboards are the dashboards of all components of the stack: file name to content.
func (s *Stack) dashboards() map[string][]byte {
	files := map[string][]byte{}
	for _, c := range s.Components() {
		maps.Copy(files, prefixed(c.Name, c.Dashboards))
	}
	return files
}

func prefixed(component string, files map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for name, content := range files {
		if !strings.HasPrefix(name, component) {
			name = component + "-" + name
		}
		out[name] = content
	}
	return out
}

// Datasources gives the datasources for a Grafana. The first in the inventory has the UID that dashboards bind to.
func (s *Stack) Datasources(from Instance) []Datasource {
	var list []Datasource
	for n, i := range s.Of("prometheus") {
		d := Datasource{Title: "Prometheus", UID: PrometheusUID, URL: "http://" + i.From(from.Host.Name)}
		if n > 0 {
			d.Title, d.UID = "Prometheus "+i.Host.Name, PrometheusUID+"-"+i.Host.Name
		}
		d.ScrapeInterval, _ = i.Set["scrape_interval"].(string)
		list = append(list, d)
	}
	return list
}

// unreachable names an instance that another host should reach and cannot, because it binds a loopback address or its
// host has no address for others.
func (s *Stack) unreachable() []error {
	var errs []error
	for _, from := range append(s.Of("prometheus"), s.Of("grafana")...) {
		for _, to := range s.neededBy(from) {
			if to.Host.Name == from.Host.Name {
				continue
			}
			switch ip := net.ParseIP(to.Bind); {
			case ip != nil && ip.IsLoopback():
				errs = append(errs, s.Inventory.ErrorAt(to.Host.Pos, "%s on %s binds %s, so %s on %s cannot reach it", to.Component.Name, to.Host.Name, to.Bind, from.Component.Name, from.Host.Name))
			case isLoopback(to.From(from.Host.Name)):
				errs = append(errs, s.Inventory.ErrorAt(to.Host.Pos, "%s on %s must be reached from %s: give the host a scrape_address", to.Component.Name, to.Host.Name, from.Host.Name))
			}
		}
	}
	return errs
}

// isLoopback says of "host:port" whether it leads every host to itself.
func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// neededBy lists the instances that an instance sends requests to.
func (s *Stack) neededBy(from Instance) []Instance {
	if from.Component.Name == "grafana" {
		return s.Of("prometheus")
	}
	var list []Instance
	for _, i := range s.Instances {
		if i.Component.Metrics != "" {
			list = append(list, i)
		}
	}
	return list
}
