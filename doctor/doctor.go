// Package doctor says what is wrong with a monitoring stack and why. It looks at every host once (one script, and
// questions to the components' own HTTP interfaces through the host's connection), which gives a Fleet: plain data that
// can be written to a file. The checks then judge the Fleet without touching anything.
//
// The package prints nothing and asks nobody. It changes a host only through Apply, with a Fix that was shown before. It
// does not need to have installed what it examines.
package doctor

import (
	"context"
	"strings"
)

// Check is one question about a fleet, with all that belongs to it: how it is found out, judged, explained and cured.
type Check struct {
	// ID is "FAMILY/NAME", lower case with dashes: "clock/offset". It never changes once released.
	ID    string
	Title string // what holds when all is well: "clocks show the true time"
	// After lists checks whose finding is the cause of a finding of this one: it is then listed under that finding.
	After []string
	// Own says that a fault of another component of the same host explains no finding of this check.
	Own bool
	// On lists the component kinds that the check is about, "*_exporter" for any exporter. It applies to hosts that have
	// one of them; nil applies to every host.
	On []string
	// Root says that the check can tell nothing from a login that is not root. Such a host gets an unknown.
	Root bool

	// Reads lists other checks whose probe this one judges, too: their probes run when it is selected.
	Reads []string
	// Needs lists the parts of the shared look that are gathered only when a selected check needs them.
	Needs []Shared
	// Uses lists those that are gathered likewise, but that the check can do without.
	Uses []Shared
	// Probe is read-only POSIX sh that prints key=value lines; a key may repeat. It finds the tools of every Linux
	// host, not more, and exits 0 when it could find out what it should. All probes of a host travel in one script, each
	// in a subshell of its own. "" needs no probe. What it prints is in Host.Probes.
	Probe string
	// Limit ends a probe that could hang (a dead mount, D-Bus), after this many seconds; 0 for those that cannot.
	Limit int
	// Ask asks the components of one host, through its connection; what it learns is kept in the Host. nil asks nothing.
	// It is called once per host to which the check applies, and must not wait longer than ctx.
	Ask func(ctx context.Context, q *Questions)

	// Judge is pure. Its Fleet holds, in Hosts, those to which the check applies and whose probe answered. It gives no finding
	// for what is well, and an unknown for what it cannot tell.
	Judge func(Fleet) []Finding
	// Fix turns a finding of Judge into what would cure it without destroying anything. nil or false: nothing can
	// be done by monctl; Finding.Fix may still say what a person can do.
	Fix func(Fleet, Finding) (Fix, bool)

	Doc Doc
}

// Doc is a check's page of docs/checks.md. Every field is a few plain sentences.
type Doc struct {
	Symptom  string `json:"symptom"` // what a person sees, with the exact text of the message
	Cause    string `json:"cause"`
	Evidence string `json:"evidence"` // what is measured, and how sure that is
	Fix      string `json:"fix"`
	Risk     string `json:"risk,omitempty"` // of the fix
	Source   string `json:"source"`         // where the threshold or the behaviour is documented
}

// Family is the part of the ID before the slash.
func (c Check) Family() string {
	family, _, _ := strings.Cut(c.ID, "/")
	return family
}

// Shared is a part of the look at a host that several checks read and that costs something.
type Shared string

// The shared parts. Processes, listeners, file systems and units are always looked at.
const (
	// Journal is the end of the journal of components and time daemons since boot: Host.Journal. It needs root or
	// the group systemd-journal.
	Journal Shared = "journal"
	// Clocks is the exchange of time stamps with the host, and the clocks of its components: Host.Clock.
	Clocks Shared = "clocks"
	// Metrics is the page /metrics of every component found: Component.Metrics.
	Metrics Shared = "metrics"
)
