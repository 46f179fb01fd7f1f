// Package inventory reads and writes monctl.yaml: which hosts there are, how to reach them, which components each
// runs and with which settings. It gives plain data in file order with positions. It does not know what a component
// is: component names and settings are carried as they are and judged by the installer, which reports through ErrorAt.
package inventory

import (
	"fmt"

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
	Mirror     Mirror
	Fetch      Fetch
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

// Assignment is a component and the hosts that run it, in file order.
type Assignment struct {
	Component string
	Hosts     []string
}

// Load reads a file. All errors of the file are reported together, each with its line.
func Load(path string) (*Inventory, error) { return nil, nil }

// Parse reads src as the content of the file called name. It touches no file, except those that a {file: …} reference
// outside component settings names.
func Parse(name string, src []byte) (*Inventory, error) { return nil, nil }

// AdHoc makes an inventory of [user@]host[:port] targets that all run the given components, each NAME or NAME@VERSION.
// A user carries on to later targets without one; an IPv6 address with a port stands in brackets.
func AdHoc(targets []string, components []string) (*Inventory, error) { return nil, nil }

// Assignments gives every component with the hosts that run it, both in file order.
func (inv *Inventory) Assignments() []Assignment { return nil }

// Host finds a host by name.
func (inv *Inventory) Host(name string) (Host, bool) { return Host{}, false }

// ErrorAt gives a Usage error "monctl.yaml:12:3: message" with an excerpt of the file. In an ad-hoc inventory and with
// the zero Pos there is only the name and the message.
func (inv *Inventory) ErrorAt(pos Pos, format string, args ...any) error { return nil }

// Secret interprets a setting's value where a scalar is expected: a plain scalar, {env: NAME} or {file: PATH}.
func (inv *Inventory) Secret(value any) (Secret, bool) { return Secret{}, false }

// Secret is a value, or where to find one. It prints as a placeholder or as its reference, never as the value.
type Secret struct{ literal, env, file string }

// Resolve gives the value.
func (s Secret) Resolve() (string, error) { return "", nil }

// Suggest gives ` (did you mean "x"?)` when a known word is near, and "" otherwise.
func Suggest(word string, known []string) string { return "" }

// Probed is a host for Render with a few words for its comment.
type Probed struct {
	Name string
	Host fleet.Host
	Note string // "Debian 12, arm64, 2.0 GiB free, clock ok"
}

// Render writes a commented file for hosts and what they run.
func Render(hosts []Probed, assignments []Assignment) []byte { return nil }

// JSONSchema gives the schema of the file for editors. settings maps a component to the JSON Schema properties of its
// settings (property name to schema); components without an entry take any setting.
func JSONSchema(settings map[string]map[string]any) ([]byte, error) { return nil, nil }
