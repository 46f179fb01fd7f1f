package desired

import (
	"maps"
	"slices"
	"strings"
)

// view is what the templates of a component see of one instance and, through its methods, of the stack around it.
type view struct {
	Component, Title, Version, Docs string
	Host, User, Unit                string
	Config, Data, Release           string // folders on the host; Release is the link to the release in use
	Listen                          string // "host:port" or ":port"
	Address                         string // bind address alone, "" for all
	Reached                         string // "host:port" as other hosts reach it; in a scrape template, as the Prometheus does
	Port                            int
	Labels                          map[string]string // of the host
	Set                             map[string]any
	Secrets                         map[string]string // name to the path of its file; those that are there

	stack *Stack
	self  Instance
}

func (s *Stack) view(i Instance) view {
	secrets := map[string]string{}
	for _, s := range i.Component.Secrets {
		if i.Has(s) {
			secrets[s.Name] = i.SecretPath(s.Name)
		}
	}
	return view{
		Component: i.Component.Name, Title: i.Component.Title, Version: i.Release.Version, Docs: i.Component.Docs,
		Host: i.Host.Name, User: i.User(), Unit: i.Unit(), Config: i.Config(), Data: i.Data, Release: i.Current(),
		Listen: i.Listen(), Address: i.Bind, Reached: i.at(reachable(i.Host)), Port: i.Port,
		Labels: hostLabels(i), Set: i.Set, Secrets: secrets, stack: s, self: i,
	}
}

// hostLabels are the labels that all that is measured on a host carries.
func hostLabels(i Instance) map[string]string {
	labels := map[string]string{"instance": i.Host.Name}
	maps.Copy(labels, i.Host.Labels)
	return labels
}

// Jobs are the scrape jobs of the stack whose configuration is no secret, as this host reaches their targets.
func (v view) Jobs() []job {
	return slices.DeleteFunc(v.stack.jobs(v.self), func(j job) bool { return j.Secret })
}

// SecretJobs are the scrape jobs whose parameters are secret.
func (v view) SecretJobs() []job {
	return slices.DeleteFunc(v.stack.jobs(v.self), func(j job) bool { return !j.Secret })
}

// MoreJobs are the scrape jobs that components bring as templates, each a YAML list, by component and host.
func (v view) MoreJobs() ([]string, error) { return v.stack.moreJobs(v.self) }

// Targets are those of all jobs.
func (v view) Targets() []Target { return v.stack.Targets(v.self) }

// Alertmanagers are their addresses, "host:port".
func (v view) Alertmanagers() []string {
	if v.ownHost() {
		return nil
	}
	return v.stack.Alertmanagers(v.self)
}

// Rules are the names of the files below rules/.
func (v view) Rules() []string {
	if v.ownHost() {
		return nil
	}
	return slices.Sorted(maps.Keys(v.stack.rules()))
}

func (v view) ownHost() bool { return v.stack.ownHost(v.self) }

// Datasources are those of Grafana.
func (v view) Datasources() []Datasource { return v.stack.Datasources(v.self) }

// Beside says whether another component is on the same host.
func (v view) Beside(component string) bool { return v.stack.runs(v.self.Host.Name, component) }

// InPlaceOf says whether it is there for what scrapes another component, and nothing else.
func (v view) InPlaceOf(component string) bool {
	return v.ownHost() && slices.Contains(v.self.InPlaceOf, component)
}

// Lokis are the addresses that logs are sent to, "http://host:port".
func (v view) Lokis() []string {
	var list []string
	for _, i := range v.stack.Of("loki") {
		list = append(list, "http://"+i.From(v.self.Host.Name))
	}
	return list
}

// Apps are the apps whose logs are on this host.
func (v view) Apps() []App {
	return slices.DeleteFunc(slices.Clone(v.stack.Apps), func(a App) bool {
		return len(a.Logs) == 0 || !slices.Contains(a.LogHosts, v.self.Host.Name)
	})
}

// LogsOn lists the log files of apps that are read on a host, as patterns.
func (s *Stack) LogsOn(host string) []string {
	var logs []string
	for _, a := range s.Apps {
		if slices.Contains(a.LogHosts, host) {
			logs = append(logs, a.Logs...)
		}
	}
	return logs
}

// Alertmanagers lists the addresses that a Prometheus sends alerts to.
func (s *Stack) Alertmanagers(from Instance) []string {
	var addresses []string
	for _, i := range s.Of("alertmanager") {
		addresses = append(addresses, i.From(from.Host.Name))
	}
	return addresses
}

// rules are the rule files that the stack brings: file name to content.
func (s *Stack) rules() map[string][]byte {
	files := map[string][]byte{}
	for _, c := range s.bringing() {
		maps.Copy(files, prefixed(c.Name, c.Rules))
	}
	return files
}

// logRules are the rule files for Loki that the stack brings.
func (s *Stack) logRules() map[string][]byte {
	files := map[string][]byte{}
	for _, c := range s.bringing() {
		maps.Copy(files, prefixed(c.Name, c.LogRules))
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
