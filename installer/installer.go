// Package installer takes hosts from what they are to a stack that is proven to work: it connects, gathers facts,
// chooses releases, derives what should be there, plans, applies, proves, and puts back every host whose proof fails.
// What to show and what to ask is the caller's business; the installer reports events and returns values.
package installer

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/templates"
)

// Dial opens the root shell of a host.
type Dial func(ctx context.Context, host fleet.Host) (fleet.Conn, error)

// Releases chooses releases and brings their archives to this machine.
type Releases interface {
	// Resolve chooses the release of a component that serves all archs, or says why there is none.
	Resolve(ctx context.Context, c *templates.Component, want string, archs []templates.Arch) (release.Release, error)
	// Fetch gives the archive of a release for one machine, downloaded and verified once.
	Fetch(ctx context.Context, c *templates.Component, r release.Release, arch templates.Arch, progress func(done, total int64)) (resource.Payload, error)
}

// Options are what a run needs. Stack, Dial and Releases must be set.
type Options struct {
	Stack    *desired.Stack
	Dial     Dial
	Releases Releases
	Report   func(Event) // may be nil; called from many goroutines
	Parallel int         // hosts at once; 0 is fleet.DefaultParallel

	ID       string        // of the run, for the hosts' journals: letters, digits, dots and dashes
	Holder   string        // who runs this, for people who find a host locked
	LockWait time.Duration // how long to wait for a host's lock
	ProveFor time.Duration // how long a proof may take; 0 is DefaultProveFor
	Only     []string      // names of hosts to work on; empty for all. Prepare adds those that run a Prometheus
	Prune    bool          // the inventory is the whole truth: what it does not name is taken off its hosts
	// Put names, by host, what is to scrape there in the place of what the inventory names.
	Put map[string]string
	// Fallback says what to do when a release cannot be had that monctl itself can take the place of; "" is never. With ask, it
	// is planned, and Run.Unasked is to be asked before Apply.
	Fallback inventory.Fallback
	Canary   bool // change one host of each component first, and the rest only when it is proven
}

// DefaultProveFor is long enough for two scrapes at Prometheus' default interval of 1 minute.
const DefaultProveFor = 2*time.Minute + 15*time.Second

// Event is something that happens on a host while the caller waits.
type Event struct {
	Host  string // "" for this machine
	Doing string // "connect", "look", "download prometheus 3.13.2 (amd64)", "file /etc/monctl/…", "prove"
	// Done and Total are bytes of a transfer; Total is 0 when it is not one.
	Done, Total int64
	Finished    bool  // the host needs nothing more in this phase
	Err         error // why it ended, with Finished
}

// dial opens the shell of a host; its error names the host.
func (o Options) dial(ctx context.Context, h fleet.Host) (fleet.Conn, error) {
	o.report(Event{Host: h.Name, Doing: "connect"})
	conn, err := o.Dial(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.Name, err)
	}
	return conn, nil
}

// concerns says whether a host belongs to the run. What scrapes always does: it has to learn of the others, and nothing
// is proven without it.
func (o Options) concerns(host string) bool {
	return len(o.Only) == 0 || slices.Contains(o.Only, host) ||
		len(o.Stack.ScrapersOn(host)) > 0
}

func (o Options) report(e Event) {
	if o.Report != nil {
		o.Report(e)
	}
}

// randomSecret draws 32 characters of 5 bits each: 160 bits.
func randomSecret() string {
	const alphabet = "abcdefghijkmnpqrstuvwxyz23456789" // 32 characters without look-alikes
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand since Go 1.24)
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return string(b)
}
