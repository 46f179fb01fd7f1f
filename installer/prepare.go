package installer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/apply"
	"github.com/monctl/monctl/fleet/facts"
	"github.com/monctl/monctl/fleet/look"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/templates"
)

// Host is one host of a run: what is known of it and what would change there.
type Host struct {
	Name      string
	Facts     facts.Facts
	Resources []resource.Resource
	Plan      plan.Plan
	Kept      []Kept // data of components that the plan takes off
	Err       error  // why it has no plan; the others go on without it

	host      fleet.Host
	conn      fleet.Conn
	manifests []desired.Manifest
	seen      look.Seen
	takeover  *takeover // nil when nothing takes the place of another
	began     bool      // its change was begun
}

// Run is a set of hosts with their plans, connected and, when it was prepared to change them, locked.
type Run struct {
	Hosts    []*Host
	Releases map[string]release.Release // by component
	Stack    *desired.Stack             // with machines and releases filled in
	Instead  []Instead                  // what is not as the inventory says

	o        Options
	prior    []*Host // proven in an earlier wave of the same run
	thorough bool    // nothing was changed, and there is time: fresh samples, data in dashboards, evaluated rules
	lines    lines
}

// Prepare connects to the hosts and plans. With change set, it takes the lock of every host, and holds it until Close.
// A host's failure is in its Host.Err; the error is only for what concerns all of them.
func Prepare(ctx context.Context, o Options, change bool) (*Run, error) {
	r := &Run{o: o, Stack: o.Stack}
	for _, h := range o.Stack.Inventory.Hosts {
		if o.concerns(h.Name) && (len(o.Stack.On(h.Name)) > 0 || o.Prune) {
			r.Hosts = append(r.Hosts, &Host{Name: h.Name, host: h.Host})
		}
	}
	r.each(ctx, r.Hosts, func(ctx context.Context, h *Host) error { return r.meet(ctx, h, change) })
	if ctx.Err() != nil {
		r.Close()
		return nil, ctx.Err()
	}
	if err := errors.Join(r.place(), r.chooseReleases(ctx)); err != nil {
		r.Close()
		return nil, err
	}
	r.each(ctx, r.alive(), r.look)
	return r, ctx.Err()
}

// Close ends all connections and with them the locks.
func (r *Run) Close() {
	_ = fleet.Each(context.Background(), r.o.Parallel, r.Hosts, func(_ context.Context, h *Host) error {
		if h.conn == nil {
			return nil
		}
		return h.conn.Close()
	})
}

// each works on hosts at once and keeps every host's failure with the host.
func (r *Run) each(ctx context.Context, hosts []*Host, do func(context.Context, *Host) error) {
	for i, err := range fleet.Each(ctx, r.o.Parallel, hosts, do) {
		if err != nil && hosts[i].Err == nil {
			hosts[i].Err = err
		}
	}
}

// alive are the hosts without a failure so far.
func (r *Run) alive() []*Host {
	var hosts []*Host
	for _, h := range r.Hosts {
		if h.Err == nil {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// Failed are the hosts with a failure.
func (r *Run) Failed() []*Host {
	return slices.DeleteFunc(slices.Clone(r.Hosts), func(h *Host) bool { return h.Err == nil })
}

// Changes says whether any host would change.
func (r *Run) Changes() bool {
	return slices.ContainsFunc(r.alive(), func(h *Host) bool { return !h.Plan.Empty() })
}

// meet connects, locks and gathers the facts of a host.
func (r *Run) meet(ctx context.Context, h *Host, change bool) (err error) {
	if h.conn, err = r.o.dial(ctx, h.host); err != nil {
		return err
	}
	if change {
		if err := apply.Lock(ctx, h.conn, h.Name, r.o.Holder, r.o.LockWait); err != nil {
			return err
		}
	}
	h.Facts, err = facts.Gather(ctx, h.conn, facts.Options{Listeners: true})
	if err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	if h.manifests, err = Manifests(ctx, h.conn); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	if len(r.Stack.On(h.Name)) == 0 {
		return nil // something may be taken off there, and nothing is put there
	}
	return unfit(h.Name, h.Facts)
}

// prune adds what is to be taken off a host.
func (r *Run) prune(ctx context.Context, h *Host) (err error) {
	if h.takeover, err = r.takeoverOn(ctx, h); err != nil {
		return err
	}
	manifests := h.manifests
	if t := h.takeover; t != nil {
		h.Resources = t.arrange(h.Resources)
		manifests = slices.DeleteFunc(slices.Clone(manifests), func(m desired.Manifest) bool { return m.Component == t.from.Component })
	}
	first, last, kept := stale(h.Name, manifests, r.Stack.On(h.Name), h.Resources)
	h.Resources, h.Kept = slices.Concat(first, h.Resources, last), kept
	return nil
}

// chooseReleases resolves every component for the machines it is needed on. One that cannot be had and that monctl can take the
// place of is replaced on the hosts that have none yet, if that is allowed.
func (r *Run) chooseReleases(ctx context.Context) error {
	archs := map[string]templates.Arch{}
	for _, h := range r.alive() {
		archs[h.Name] = templates.Arch(h.Facts.Arch)
	}
	r.o.report(Event{Doing: "choose releases"})
	r.Releases = map[string]release.Release{}
	r.fallBack(ctx, archs)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var errs []error
	for _, c := range r.Stack.Components() {
		needed := r.Stack.Archs(c.Name, archs)
		if len(needed) == 0 {
			continue
		}
		chosen, err := r.o.Releases.Resolve(ctx, c, r.Stack.Version(c.Name), needed)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.Releases[c.Name] = chosen
	}
	r.Stack = r.Stack.With(archs, r.Releases)
	return errors.Join(errs...)
}

// look compares a host with what should be there.
func (r *Run) look(ctx context.Context, h *Host) (err error) {
	r.o.report(Event{Host: h.Name, Doing: "look"})
	if h.Resources, err = r.Stack.Resources(h.Name, randomSecret); err != nil {
		return err
	}
	if err := misrouted(h.Name, h.Resources); err != nil {
		return err
	}
	if r.o.Prune {
		if err := r.prune(ctx, h); err != nil {
			return err
		}
	}
	if err := conflicts(h.Name, r.Stack.On(h.Name), h.Resources, h.Facts); err != nil {
		return err
	}
	if h.seen, err = look.At(ctx, h.conn, h.Resources); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	h.Plan = plan.Of(h.Name, h.Resources, h.seen)
	return nil
}
