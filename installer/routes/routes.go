// Package routes reads an Alertmanager's configuration for what its own check passes over: routes that no alert reaches,
// receivers that tell nobody, inhibitions that are bound to nothing. It is pure and knows nothing of hosts.
package routes

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/alertmanager/pkg/labels"
)

// Config is the part of a configuration that decides who is told.
type Config struct {
	Route     Route            `yaml:"route"`
	Receivers []map[string]any `yaml:"receivers"`
	Inhibit   []Inhibit        `yaml:"inhibit_rules"`
}

// Route is one node of the tree of routes.
type Route struct {
	Receiver string            `yaml:"receiver"`
	Matchers []string          `yaml:"matchers"`
	Match    map[string]string `yaml:"match"` // the older form, as MatchRE
	MatchRE  map[string]string `yaml:"match_re"`
	Continue bool              `yaml:"continue"`
	Routes   []Route           `yaml:"routes"`
}

// Inhibit is one rule by which an alert silences others.
type Inhibit struct {
	Equal []string `yaml:"equal"`
}

// Parse reads a configuration as Alertmanager has it in its file or in the answer of /api/v2/status.
func Parse(text string) (Config, error) {
	var c Config
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		return Config{}, err
	}
	if c.Route.Receiver == "" {
		return c, errors.New("it has no route with a receiver")
	}
	return c, nil
}

// Kind is what is wrong.
type Kind string

// The kinds of faults.
const (
	Unknown     Kind = "unknown receiver"
	Unreachable Kind = "unreachable route"
	Silent      Kind = "receiver without integration"
	Unbound     Kind = "inhibition without equal"
)

// Fault is one thing that is wrong.
type Fault struct {
	Kind Kind
	Text string
}

// Faults lists what is wrong, in the order of the file.
func (c Config) Faults() []Fault {
	w := walk{config: c, told: map[string]bool{}}
	w.route(c.Route, nil, "route")
	for n, rule := range c.Inhibit {
		if len(rule.Equal) == 0 {
			w.add(Unbound, "inhibit_rules[%d] has no equal: one source alert anywhere silences its targets on every host", n)
		}
	}
	return w.faults
}

// Integrations names the ways in which a receiver tells somebody: "slack", "email".
func (c Config) Integrations(receiver string) []string {
	var list []string
	for _, r := range c.Receivers {
		if r["name"] != receiver {
			continue
		}
		for key, value := range r {
			configs, _ := value.([]any)
			if name, ok := strings.CutSuffix(key, "_configs"); ok {
				list = append(list, slices.Repeat([]string{name}, len(configs))...)
			}
		}
	}
	slices.Sort(list)
	return list
}

func (c Config) has(receiver string) bool {
	return slices.ContainsFunc(c.Receivers, func(r map[string]any) bool { return r["name"] == receiver })
}

// walk goes through the tree of routes.
type walk struct {
	config Config
	told   map[string]bool // receivers that were judged
	faults []Fault
}

func (w *walk) add(kind Kind, format string, args ...any) {
	w.faults = append(w.faults, Fault{kind, fmt.Sprintf(format, args...)})
}

// route judges a route that alerts reach which match all of above, and the routes below it.
func (w *walk) route(r Route, above labels.Matchers, place string) {
	w.receiver(r.Receiver, place)
	own, err := r.matchers()
	if err != nil {
		return // amtool names it, with its reason
	}
	all := slices.Concat(above, own)
	if a, b := contradiction(all); a != nil {
		w.add(Unreachable, "%s: no alert matches both %s and %s", place, a, b)
		return
	}
	var before []sibling
	for n, sub := range r.Routes {
		at := fmt.Sprintf("%s.routes[%d]", place, n)
		matchers, err := sub.matchers()
		if err != nil {
			continue
		}
		if s := taken(before, slices.Concat(all, matchers)); s != nil {
			w.add(Unreachable, "%s (%s): %s takes all of its alerts before it; move it up, or set continue: true there", at, shown(matchers), s.place)
		}
		w.route(sub, all, at)
		if !sub.Continue {
			before = append(before, sibling{at, matchers})
		}
	}
}

func (w *walk) receiver(name, place string) {
	switch {
	case name == "" || w.told[name]: // that of the route above
	case !w.config.has(name):
		w.add(Unknown, "%s: there is no receiver %q", place, name)
	case len(w.config.Integrations(name)) == 0:
		w.add(Silent, "%s: receiver %q has no integration: nobody is told", place, name)
	}
	w.told[name] = true
}

// sibling is an earlier route of the same parent that keeps what it takes.
type sibling struct {
	place    string
	matchers labels.Matchers
}

// taken finds an earlier route whose every matcher is fulfilled by all alerts that match the given ones.
func taken(before []sibling, matchers labels.Matchers) *sibling {
	for n, s := range before {
		free := slices.ContainsFunc(s.matchers, func(m *labels.Matcher) bool { return !implied(m, matchers) })
		if !free {
			return &before[n]
		}
	}
	return nil
}

// implied says whether all alerts that match the given matchers match m, as far as can be told without comparing regular
// expressions: the same matcher is among them, or the label has one value there.
func implied(m *labels.Matcher, by labels.Matchers) bool {
	return slices.ContainsFunc(by, func(b *labels.Matcher) bool {
		return b.Name == m.Name && (b.Type == m.Type && b.Value == m.Value || b.Type == labels.MatchEqual && m.Matches(b.Value))
	})
}

// contradiction finds a label that must have one value and must not.
func contradiction(all labels.Matchers) (a, b *labels.Matcher) {
	for _, one := range all {
		for _, other := range all {
			if one.Type == labels.MatchEqual && one.Name == other.Name && !other.Matches(one.Value) {
				return one, other
			}
		}
	}
	return nil, nil
}

func (r Route) matchers() (labels.Matchers, error) {
	var all labels.Matchers
	for _, text := range r.Matchers {
		list, err := labels.ParseMatchers(text)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	for kind, form := range map[labels.MatchType]map[string]string{labels.MatchEqual: r.Match, labels.MatchRegexp: r.MatchRE} {
		for name, value := range form {
			m, err := labels.NewMatcher(kind, name, value)
			if err != nil {
				return nil, err
			}
			all = append(all, m)
		}
	}
	return all, nil
}

func shown(m labels.Matchers) string {
	if len(m) == 0 {
		return "no matchers"
	}
	return m.String()
}
