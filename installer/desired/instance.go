// Package desired derives, from the inventory, the facts of all hosts, the catalogue and the chosen releases, what
// should be on every host and how that is proven. It is a pure function: it reads no file, asks no host and draws no
// secret itself. Nobody types the same address twice: scrape targets, datasources and alert routes follow from who
// runs what.
package desired

import (
	"net"
	"strconv"
	"strings"

	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/templates"
)

// Instance is one component on one host.
type Instance struct {
	Component *templates.Component
	Host      inventory.Host
	Arch      templates.Arch
	Release   release.Release
	Set       map[string]any // settings, defaults filled in
	Port      int
	Bind      string   // address it binds; "" for all
	Data      string   // data folder; "" when it keeps none
	InPlaceOf []string // the components that the inventory names and in whose place this one runs
}

// Unit is the name of its systemd unit.
func (i Instance) Unit() string { return UnitName(i.Component.Name) }

// UnitName is the systemd unit of a component.
func UnitName(component string) string { return "monctl-" + dashed(component) + ".service" }

// User is the system user it runs as, and whose group may read its configuration.
func (i Instance) User() string {
	if i.Component.Unit.Root || !i.Component.Runs() {
		return "root"
	}
	name := "monctl-" + dashed(i.Component.Name)
	return name[:min(len(name), 31)] // systemd's strict names (systemd.exec(5), User=)
}

// Ports are the TCP ports it listens on.
func (i Instance) Ports() []int {
	if !i.Component.Runs() {
		return nil
	}
	ports := []int{i.Port}
	for _, name := range i.Component.Ports {
		if port, ok := i.Value(name).(int); ok {
			ports = append(ports, port)
		}
	}
	return ports
}

// Value is a setting, "password" or "slack.webhook"; nil when it is not given and has no default.
func (i Instance) Value(name string) any {
	set := i.Set
	for {
		first, rest, inner := strings.Cut(name, ".")
		if !inner {
			return set[first]
		}
		group, ok := set[first].(map[string]any)
		if !ok {
			return nil
		}
		set, name = group, rest
	}
}

// Given says whether a setting has a value.
func (i Instance) Given(name string) bool { return i.Value(name) != nil }

// Has says whether there is a file of a secret: one is given, or made.
func (i Instance) Has(s templates.Secret) bool {
	return i.Given(s.Setting) || s.Generate == "always" || s.Generate != "" && i.Given(s.Generate)
}

// Config is its configuration folder on the host.
func (i Instance) Config() string { return templates.ConfigRoot + "/" + i.Component.Name }

// Current is the link to the release in use.
func (i Instance) Current() string {
	return templates.ReleaseRoot + "/" + i.Component.Name + "/current"
}

// ReleaseDir is the folder of the wanted release.
func (i Instance) ReleaseDir() string {
	return templates.ReleaseRoot + "/" + i.Component.Name + "/" + i.Release.Version
}

// File is the published file for the host's machine.
func (i Instance) File() (release.File, bool) {
	if f, ok := i.Release.Files[i.Arch]; ok {
		return f, true
	}
	f, ok := i.Release.Files[templates.Any]
	return f, ok
}

// Local is its address as seen from its own host, "127.0.0.1:9090".
func (i Instance) Local() string { return i.at("127.0.0.1") }

// From is its address as seen from a host: the loopback address on its own host, the inventory's address elsewhere.
func (i Instance) From(host string) string {
	if host == i.Host.Name {
		return i.Local()
	}
	return i.at(reachable(i.Host))
}

// at joins an address and the port, unless the instance binds another address.
func (i Instance) at(address string) string {
	if i.Bind != "" && !net.ParseIP(i.Bind).IsUnspecified() {
		address = i.Bind
	}
	return net.JoinHostPort(address, strconv.Itoa(i.Port))
}

// Listen is the value of a listen flag, ":9090" or "10.0.0.1:9090".
func (i Instance) Listen() string { return net.JoinHostPort(i.Bind, strconv.Itoa(i.Port)) }

// reachable is the address under which other hosts reach a host.
func reachable(h inventory.Host) string {
	if h.ScrapeAddress != "" {
		return h.ScrapeAddress
	}
	return h.Address
}

func dashed(component string) string {
	b := []byte(component)
	for i := range b {
		if b[i] == '_' {
			b[i] = '-'
		}
	}
	return string(b)
}
