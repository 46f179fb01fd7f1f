package doctor

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet/facts"
	"github.com/monctl/monctl/installer/desired"
)

// Fleet is all that was learned in one run: what the checks judge. It can be written to JSON and read back.
type Fleet struct {
	Taken    time.Time   // when the look began, by this machine's clock
	Hosts    []Host      // that could be examined, in the order of the inventory
	Lost     []Lost      // that could not
	Truth    clock.Truth // what NTP says about this machine's clock; the zero value says nothing
	Here     Here
	Settings Settings

	asked time.Time // when NTP servers were asked for Truth, with its monotonic reading
}

// Lost is a host that could not be examined.
type Lost struct {
	Name, Address string
	Links         []Link `json:",omitempty"` // as in Host
	Why           string
	Err           error `json:"-"`
}

// Here is this machine.
type Here struct {
	Name string
	Zone int // seconds east of UTC
}

// Host is what was learned about one host.
type Host struct {
	Name, Address string
	ScrapeAddress string   // how others reach it
	Wants         []string // components that the inventory puts there
	Links         []Link   `json:",omitempty"` // what the inventory says that its components must reach; not tried
	Root          bool     // the shell was root's
	Facts         facts.Facts
	Mounts        []facts.Disk // every real file system; Path is the mount point
	Processes     []Process    // of components, and of others that listen
	Units         []Unit
	Components    []Component
	Journal       []Entry                      // with Journal
	Clock         clock.Reading                // with Clocks; against this machine's clock
	Probes        map[string]Answer            // by ID of the check
	Reached       map[string]Reached           // by "tcp host:port", of Questions.Dial
	Pages         map[string]Reply             // by URL, of Questions.Page: other hosts, as this one reaches them
	Notes         map[string]map[string]string // by ID of the check, of Questions.Note
	// Unread says why a shared part has no answer ("journal": "it was killed"); a part not in it was read or not needed.
	Unread map[string]string
}

// Process is one process.
type Process struct {
	PID     int
	Comm    string   // at most 15 characters
	Exe     string   // what /proc/PID/exe points to; "" without root. " (deleted)" is kept
	Args    []string // with passwords and tokens replaced by "***"
	Dir     string   // working directory
	UID     int      // effective; -1 is unknown
	Unit    string   // "prometheus.service"; "" or a scope for one started by hand
	Foreign bool     // it has a network of its own: it is in a container
	Files   int      // limit of open files; 0 is unknown
}

// Unit is a systemd service: the properties of `systemctl show`, by their names.
type Unit struct {
	Name       string
	Properties map[string]string
}

// Get gives a property, "" when it is not there.
func (u Unit) Get(property string) string { return u.Properties[property] }

// Entry is one line of the journal.
type Entry struct {
	Unit      string
	At        time.Time     // by the host's clock at that moment
	Monotonic time.Duration // since boot
	Priority  int           // 0 emergency … 7 debug
	Text      string
}

// Component is a program of the stack that is on a host, whoever installed it.
type Component struct {
	// Kind is the catalogue's name: "prometheus", "grafana", "loki", "promtail", "alloy", "alertmanager",
	// "node_exporter", "mysqld_exporter", "pushgateway"; "NAME_exporter" for other exporters.
	Kind string
	// Name tells components of one host apart: the unit without ".service", else the kind, with ":PORT" when that
	// comes twice.
	Name     string
	Running  bool
	Process  Process           // zero when it does not run
	Unit     string            // "" when it was started by hand
	Listen   []netip.AddrPort  // TCP
	Base     string            // "http://127.0.0.1:9090" with its route prefix, for questions from the host; "" when it listens nowhere
	Flags    map[string]string // of its command line, without dashes: "storage.tsdb.path"; "" for a switch
	Manifest *desired.Manifest `json:",omitempty"` // of monctl, when it installed the component
	Replies  map[string]Reply  // by path, of Questions.Get
	Clock    clock.Reading     // with Clocks: what its own API says, against this machine's clock
	Metrics  Samples           `json:",omitempty"` // with Metrics
}

// Reply is the answer of an HTTP API, or why there is none.
type Reply struct {
	Status         int       // 0 when there was no answer
	Type           string    // Content-Type
	Date           string    // the server's clock, to the second
	Body           string    // at most MaxBody bytes
	Err            string    // why there is no whole answer: "connection refused"
	Sent, Received time.Time // this machine's clock
}

// Reached says how a connection from a host to an address went.
type Reached struct {
	OK   bool
	Kind ReachKind
	Err  string
	Took time.Duration
}

// ReachKind tells ways of not reaching an address apart.
type ReachKind string

// The ways. A firewall that drops gives ReachTimeout, one that rejects gives ReachRefused or ReachUnroutable.
const (
	ReachOK         ReachKind = "ok"
	ReachRefused    ReachKind = "refused"
	ReachTimeout    ReachKind = "timeout"
	ReachUnroutable ReachKind = "no route"
	ReachNoName     ReachKind = "no such name"
	ReachForbidden  ReachKind = "forwarding forbidden" // by sshd: says nothing about the address
	ReachFailed     ReachKind = "failed"
)

// Answer is what a probe printed.
type Answer struct {
	Values []Value
	Exit   int
	// Err says why the answer is not whole: "killed after 5 s"; its check is then unknown on this host.
	Err string
}

// Value is one line key=value of a probe.
type Value struct{ Key, Value string }

// Get gives the first value of a key, "" when there is none.
func (a Answer) Get(key string) string {
	for _, v := range a.Values {
		if v.Key == key {
			return v.Value
		}
	}
	return ""
}

// All gives every value of a key.
func (a Answer) All(key string) []string {
	var all []string
	for _, v := range a.Values {
		if v.Key == key {
			all = append(all, v.Value)
		}
	}
	return all
}

// Host finds an examined host by name.
func (f Fleet) Host(name string) (Host, bool) {
	i := slices.IndexFunc(f.Hosts, func(h Host) bool { return h.Name == name })
	if i < 0 {
		return Host{}, false
	}
	return f.Hosts[i], true
}

// Unit finds a unit by name, with ".service".
func (h Host) Unit(name string) (Unit, bool) {
	i := slices.IndexFunc(h.Units, func(u Unit) bool { return u.Name == name })
	if i < 0 {
		return Unit{}, false
	}
	return h.Units[i], true
}

// Of gives the components of some kinds; "*_exporter" is any exporter.
func (h Host) Of(kinds ...string) []Component {
	var found []Component
	for _, c := range h.Components {
		if c.is(kinds) {
			found = append(found, c)
		}
	}
	return found
}

func (c Component) is(kinds []string) bool {
	return slices.ContainsFunc(kinds, func(k string) bool {
		return k == c.Kind || k == "prometheus" && c.Kind == "monitor" || k == "*_exporter" && strings.HasSuffix(c.Kind, "_exporter")
	})
}

// Mount gives the file system that a path lies on.
func (h Host) Mount(path string) (facts.Disk, bool) {
	best := facts.Disk{}
	for _, m := range h.Mounts {
		below := m.Path == "/" || path == m.Path || strings.HasPrefix(path, m.Path+"/")
		if below && len(m.Path) >= len(best.Path) {
			best = m
		}
	}
	return best, best.Path != ""
}
