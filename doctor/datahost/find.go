package datahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

// Kind says how a component keeps its data.
type Kind string

// The kinds. Whole folders are only moved and copied, never looked into.
const (
	TSDB  Kind = "TSDB"
	Whole Kind = "whole folder"
)

// kinds are the components whose data can be worked on.
var kinds = map[string]Kind{"prometheus": TSDB, "monitor": TSDB, "grafana": Whole, "loki": Whole, "alertmanager": Whole}

// dataFlag names the data folder on the command line of a TSDB.
var dataFlag = map[string]string{"prometheus": "storage.tsdb.path", "monitor": "data"}

// Target is one component with data on an examined host.
type Target struct {
	Name      Name // as short as it can be: "web1/prometheus"
	Kind      Kind
	Host      doctor.Host
	Component doctor.Component
	Unit      doctor.Unit // zero when it was started by hand
	Sources   []Source    // where the data are, according to each
}

// Source is one answer to the question where the data are.
type Source struct {
	From string `json:"from"` // "command line", "open files", "unit", "API", "monctl's manifest"
	Path string `json:"path"`
}

// The questions to a Prometheus.
const (
	askFlags   = "/api/v1/status/flags"
	askRuntime = "/api/v1/status/runtimeinfo"
	askBuild   = "/api/v1/status/buildinfo"
	askConfig  = "/api/v1/status/config"
	askLoki    = "/config" // of a Loki
)

// Checks are what a look at the host needs for Find and for the gate of the clock, to be given to doctor.Look.
func Checks() ([]doctor.Check, error) {
	checks, err := doctor.Choose(doctor.Checks(), []string{"clock/offset", "clock/slewing", "clock/boot-order", "tsdb/data-path", "tsdb/frozen-scrape-clock"}, nil)
	return append(checks, doctor.Check{
		ID: "data/place", Title: "where the data are", On: []string{"prometheus", "monitor", "loki"},
		Ask: func(ctx context.Context, q *doctor.Questions) {
			for _, c := range q.Host().Of("loki") {
				q.Get(ctx, c, askLoki)
			}
			for _, c := range q.Host().Of("prometheus", "monitor") {
				for _, question := range []string{askFlags, askRuntime, askBuild, askConfig} {
					if c.Base != "" {
						q.Get(ctx, c, question)
					}
				}
			}
		},
		Judge: func(doctor.Fleet) []doctor.Finding { return nil },
	}), err
}

// ErrNotFound says that the host has no such component.
var ErrNotFound = errors.New("not found")

// Find chooses the component that a Name means. It refuses what it could only guess, and names what there is.
func Find(f doctor.Fleet, n Name) (Target, error) {
	h, err := host(f, n)
	if err != nil {
		return Target{}, err
	}
	all := withData(h)
	matching := slices.DeleteFunc(slices.Clone(all), func(c doctor.Component) bool { return !matches(c, n) })
	switch len(matching) {
	case 0:
		return Target{}, fault.Misuse(fmt.Errorf("%s: %w: %s", n, ErrNotFound, thereIs(h, all)), "%s", names(h, all))
	case 1:
		return target(h, matching[0], all)
	}
	return Target{}, fault.Misuse(fmt.Errorf("%s is ambiguous: %s", n, thereIs(h, matching)), "%s", names(h, matching))
}

func host(f doctor.Fleet, n Name) (doctor.Host, error) {
	for _, l := range f.Lost {
		if l.Name == n.Host {
			return doctor.Host{}, l.Err
		}
	}
	h, ok := f.Host(n.Host)
	switch {
	case !ok:
		return h, fault.Misuse(fmt.Errorf("%s: no host is called %q", n, n.Host), "")
	case !h.Root:
		return h, fault.Refuse(fmt.Errorf("%s: not root: the login cannot become root there", n.Host),
			"Data folders can only be looked into and moved by root: log in as root, or let the login use sudo.")
	case h.Unread["units"] != "":
		return h, fmt.Errorf("%s: look at units: %s", n.Host, h.Unread["units"])
	}
	return h, nil
}

func withData(h doctor.Host) []doctor.Component {
	return slices.DeleteFunc(slices.Clone(h.Components), func(c doctor.Component) bool { return kinds[c.Kind] == "" })
}

func matches(c doctor.Component, n Name) bool {
	unit := strings.TrimSuffix(c.Unit, ".service")
	if n.Component != c.Kind && n.Component != c.Name && n.Component != unit {
		return false
	}
	return n.Port == 0 || slices.ContainsFunc(ports(c), func(p int) bool { return p == n.Port })
}

func ports(c doctor.Component) []int {
	var list []int
	for _, a := range c.Listen {
		list = append(list, int(a.Port()))
	}
	given := 0 // where it would listen if it ran
	if c.Manifest != nil {
		given = c.Manifest.Port
	} else if _, port, ok := strings.Cut(listenFlag(c), ":"); ok {
		given, _ = strconv.Atoi(port)
	}
	if given > 0 && !slices.Contains(list, given) {
		list = append(list, given)
	}
	return list
}

// listenFlag is where a component would listen, as its command line says; "" is not said.
func listenFlag(c doctor.Component) string {
	if c.Kind == "monitor" {
		return c.Flags["listen"]
	}
	return c.Flags["web.listen-address"]
}

// thereIs lists components with what tells them apart.
func thereIs(h doctor.Host, list []doctor.Component) string {
	if len(list) == 0 {
		return fmt.Sprintf("no component with data runs on %s, nor is one installed as a unit", h.Name)
	}
	var words []string
	for _, c := range list {
		is := c.Kind
		if c.Unit != "" {
			is += " (" + c.Unit + ")"
		}
		if c.Running {
			is += fmt.Sprintf(" process %d", c.Process.PID)
		} else {
			is += " stopped"
		}
		if p := ports(c); len(p) > 0 {
			is += fmt.Sprintf(" port %d", p[0])
		}
		words = append(words, is)
	}
	return "there are " + strings.Join(words, ", ")
}

// names says what to type instead.
func names(h doctor.Host, list []doctor.Component) string {
	var words []string
	for _, c := range list {
		words = append(words, nameOf(h, c, list).String())
	}
	if len(words) == 0 {
		return "If it was never started on this host, or its unit is disabled, start it first. A folder that nothing uses any more: run monctl data inspect --local DIR there."
	}
	return "Name one: " + strings.Join(words, ", ")
}

// nameOf is the shortest name that means one component: by its kind, else by its port, else by its unit.
func nameOf(h doctor.Host, c doctor.Component, all []doctor.Component) Name {
	candidates := []Name{{Host: h.Name, Component: c.Kind}}
	for _, p := range ports(c) {
		candidates = append(candidates, Name{h.Name, c.Kind, p})
	}
	for _, n := range candidates {
		if !slices.ContainsFunc(all, func(o doctor.Component) bool { return o.Name != c.Name && matches(o, n) }) {
			return n
		}
	}
	return Name{Host: h.Name, Component: c.Name}
}

func target(h doctor.Host, c doctor.Component, all []doctor.Component) (Target, error) {
	t := Target{Name: nameOf(h, c, all), Kind: kinds[c.Kind], Host: h, Component: c}
	t.Unit, _ = h.Unit(c.Unit)
	if folder, err := h.DataFolder(c); c.Process.Foreign || err == nil && folder.Inside {
		return t, fault.Refuse(fmt.Errorf("%s: it runs in a container, which monctl does not reach into", t.Name),
			"Stop the container, find the folder of its volume on this host (docker inspect, podman inspect: Mounts), then run there: monctl data repair --local FOLDER. Start the container again afterwards.")
	}
	t.Sources = t.sources()
	if len(t.Sources) == 0 {
		return t, fmt.Errorf("%s: neither its process nor its unit says where its data are", t.Name)
	}
	return t, nil
}

// sources gathers what was said so far; the open files come later, with the connection that does the work.
func (t Target) sources() []Source {
	c := t.Component
	var list []Source
	add := func(from, base, folder string) {
		if folder == "" || !path.IsAbs(folder) && !path.IsAbs(base) {
			return
		}
		if !path.IsAbs(folder) {
			folder = path.Join(base, folder)
		}
		list = append(list, Source{from, path.Clean(folder)})
	}
	if flag := dataFlag[c.Kind]; t.Kind == TSDB {
		if c.Running {
			add("command line", c.Process.Dir, c.Flags[flag])
			add("API", t.reply(askRuntime)["CWD"], t.reply(askFlags)[flag])
		}
		add("unit", t.Unit.Get("WorkingDirectory"), doctor.FlagOf(t.Unit.Get("ExecStart"), flag))
	}
	if c.Manifest != nil {
		add("monctl's manifest", "", c.Manifest.Data)
	}
	if folder, err := t.Host.DataFolder(c); err == nil && len(list) == 0 {
		from := "unit"
		if c.Running {
			from = "process"
		}
		add(from, "", folder.Path)
	}
	if t.Kind == Whole {
		add("command line", c.Process.Dir, wholeFolder(c))
		add("API", c.Process.Dir, t.lokiFolder())
	}
	return list
}

// wholeFolder is what a command line says: Alertmanager's flag, and what the packages of Debian and RPM give Grafana.
func wholeFolder(c doctor.Component) string {
	if c.Kind == "alertmanager" {
		return c.Flags["storage.path"]
	}
	for _, a := range c.Process.Args {
		if folder, ok := strings.CutPrefix(a, "cfg:default.paths.data="); ok {
			return folder
		}
	}
	if home := c.Flags["homepath"]; home != "" {
		return path.Join(home, "data")
	}
	return ""
}

// lokiFolder is the folder below which Loki keeps everything, by the configuration that it serves itself.
func (t Target) lokiFolder() string {
	var config struct {
		Common struct {
			PathPrefix string `yaml:"path_prefix"`
		}
	}
	if t.Component.Kind != "loki" || yaml.Unmarshal([]byte(t.Component.Replies[askLoki].Body), &config) != nil {
		return ""
	}
	return config.Common.PathPrefix
}

// reply is the data of an answer of the API whose values are words; empty when there is none.
func (t Target) reply(question string) map[string]string {
	var envelope struct{ Data map[string]any }
	if json.Unmarshal([]byte(t.Component.Replies[question].Body), &envelope) != nil {
		return nil
	}
	words := map[string]string{}
	for k, v := range envelope.Data {
		words[k] = fmt.Sprint(v)
	}
	return words
}

// ByHand refuses a process that no unit keeps: monctl could stop it and would not know how to start it again. program is the
// monctl that lies on the host.
func (t Target) ByHand(program, folder string) error {
	if t.Component.Unit != "" || !t.Component.Running {
		return nil
	}
	p := t.Component.Process
	return fault.Refuse(fmt.Errorf("%s: process %d was started by hand, not by a unit: monctl does not stop what it cannot start again", t.Name, p.PID),
		"Do it on %s, as root:\n  kill -TERM %d   # and wait until it has ended\n  %s data repair --local %s\n  cd %s && %s",
		t.Host.Name, p.PID, program, fleet.Quote(folder), fleet.Quote(p.Dir), fleet.QuoteAll(p.Args...))
}
