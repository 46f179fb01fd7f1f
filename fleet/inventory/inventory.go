// Package inventory reads and writes monctl.yaml: which hosts there are, how to reach them, which components each
// runs and with which settings. It gives plain data in file order with positions. It does not know what a component
// is: component names and settings are carried as they are and judged by the installer, which reports through ErrorAt.
package inventory

import (
	"fmt"
	"slices"

	"github.com/monctl/monctl/fleet"
)

// DefaultName is the file that is read when no other is named.
const DefaultName = "monctl.yaml"

// Inventory is the whole file, or the command line of an ad-hoc run.
type Inventory struct {
	Name       string      // file name as given; "command line" for an ad-hoc run
	Dir        string      // folder that relative paths in the file start from
	Hosts      []Host      // in file order
	Components []Component // in file order: those of `components:`, then those only named by a host
	Apps       []App       // in file order
	Mirror     Mirror
	Fetch      Fetch
	Fallback   Fallback
	Parallel   int    // hosts worked on at once
	Catalog    string // folder of the operator's own components; "" for none
	CatalogPos Pos

	src []byte
}

// Pos is a place in the file; lines and columns count from 1. The zero Pos is nowhere.
type Pos struct{ Line, Column int }

// String gives "12:3".
func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Host is one machine of the inventory, defaults already applied.
type Host struct {
	fleet.Host
	ScrapeAddress string            // how other hosts reach it; "" means Address
	Labels        map[string]string // nil for none
	Components    []string          // as written at the host; Assignments has the whole truth
	Pos           Pos               // of its name
	ComponentPos  []Pos             // of each of Components
}

// Component is one thing to run and its settings, none of them judged here.
type Component struct {
	Name       string
	Version    string             // as written; "" when not given
	Hosts      []string           // that its `hosts:` names, `all` expanded; Assignments has the whole truth
	Settings   map[string]Setting // all keys but version and hosts
	Pos        Pos                // of its name
	VersionPos Pos
}

// Setting is one value with its place.
type Setting struct {
	Value  any // string, int64, float64, bool, []any or map[string]any of these
	Pos    Pos // of the value
	KeyPos Pos
}

// Mirror has the base URLs that replace the upstream ones; "" keeps upstream. No trailing slash.
type Mirror struct {
	All                                     string // set by the short form; used where the ones below are empty
	GitHub, Grafana, GrafanaAPI, Prometheus string
}

// Fetch says who downloads releases.
type Fetch string

// The ways to fetch.
const (
	FetchController Fetch = "controller" // this machine, once, and pushes to the hosts
	FetchHost       Fetch = "host"       // every host for itself
)

// Fallback says what to do when a release cannot be had and monctl itself can take the component's place.
type Fallback string

// The policies.
const (
	FallbackAsk   Fallback = "ask"   // a person at a terminal; without one it fails
	FallbackAuto  Fallback = "auto"  // take it
	FallbackNever Fallback = "never" // fail
)

// Fallbacks lists the policies.
func Fallbacks() []Fallback { return []Fallback{FallbackAsk, FallbackAuto, FallbackNever} }

// Assignment is a component and the hosts that run it, in file order.
type Assignment struct {
	Component string
	Hosts     []string
}

// Assignments gives every component with the hosts that run it, both in file order. A component that no host runs has
// an empty list.
func (inv *Inventory) Assignments() []Assignment {
	var out []Assignment
	for _, c := range inv.Components {
		a := Assignment{Component: c.Name}
		for _, h := range inv.Hosts {
			if slices.Contains(c.Hosts, h.Name) || slices.Contains(h.Components, c.Name) {
				a.Hosts = append(a.Hosts, h.Name)
			}
		}
		out = append(out, a)
	}
	return out
}

// Host finds a host by name.
func (inv *Inventory) Host(name string) (Host, bool) {
	for _, h := range inv.Hosts {
		if h.Name == name {
			return h, true
		}
	}
	return Host{}, false
}

func (inv *Inventory) has(component string) bool {
	return slices.ContainsFunc(inv.Components, func(c Component) bool { return c.Name == component })
}
