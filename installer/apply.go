package installer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/apply"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
)

// Outcome is how a host came out of a run.
type Outcome struct {
	Host       string
	Changed    bool // the change of it was begun
	Proofs     []Proof
	Err        error
	RolledBack bool   // it is as it was before the run
	Journal    string // the tail of the failing unit's journal; "" when no unit failed
}

// ErrNotReached marks hosts that were left alone because an earlier host of a staged change failed.
var ErrNotReached = errors.New("left as it was, because the first host with this change failed")

// Apply makes the planned changes, proves every host and puts back those whose proof fails. The outcomes are in the
// order of Hosts and include hosts that had no plan.
func (r *Run) Apply(ctx context.Context) []Outcome {
	outcomes := map[string]*Outcome{}
	for _, h := range r.Hosts {
		outcomes[h.Name] = &Outcome{Host: h.Name, Err: h.Err}
	}
	archives := r.archives()
	failed := false
	for _, wave := range r.waves() {
		if failed {
			for _, h := range wave {
				outcomes[h.Name].Err = fmt.Errorf("%s: %w", h.Name, ErrNotReached)
			}
			continue
		}
		failed = r.applyWave(ctx, wave, archives, outcomes)
	}
	list := make([]Outcome, 0, len(r.Hosts))
	for _, h := range r.Hosts {
		list = append(list, *outcomes[h.Name])
	}
	return list
}

// waves are the groups of hosts that change together: all at once, or with Canary the first host of every component
// and then the rest.
func (r *Run) waves() [][]*Host {
	hosts := r.alive()
	if !r.o.Canary {
		return [][]*Host{hosts}
	}
	var first, rest []*Host
	seen := map[string]bool{}
	for _, h := range hosts {
		canary := false
		for _, i := range r.Stack.On(h.Name) {
			if !seen[i.Component.Name] && !h.Plan.Empty() {
				seen[i.Component.Name], canary = true, true
			}
		}
		if canary || h.Plan.Empty() {
			first = append(first, h)
		} else {
			rest = append(rest, h)
		}
	}
	return [][]*Host{first, rest}
}

// applyWave changes, proves and settles a group of hosts. It reports whether any of them failed.
func (r *Run) applyWave(ctx context.Context, wave []*Host, archives *archives, outcomes map[string]*Outcome) bool {
	quick := r.quickProof(wave)
	keep := func(errs []error) {
		for i, err := range errs {
			if o := outcomes[wave[i].Name]; err != nil && o.Err == nil {
				o.Err = err
			}
		}
	}
	start := newHeadStart(quick)
	keep(fleet.Each(ctx, r.o.Parallel, wave, func(ctx context.Context, h *Host) error {
		defer func() { outcomes[h.Name].Changed = h.began }()
		start.wait(ctx, h.Name)
		defer start.done(h.Name)
		return r.change(ctx, h, quick[h.Name], archives, start)
	}))
	for name, proofs := range r.prove(ctx, wave, outcomes, quick) {
		o := outcomes[name]
		o.Proofs = append(o.Proofs, proofs...)
		for _, p := range proofs {
			if p.Err != nil && o.Err == nil {
				o.Err = fmt.Errorf("%s: %s: %w", name, p.What, p.Err)
			}
		}
	}
	// Settling goes on when the person interrupts: it takes a moment and leaves no host in between.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleFor)
	defer cancel()
	keep(fleet.Each(settle, r.o.Parallel, wave, func(ctx context.Context, h *Host) error {
		return r.settle(ctx, h, outcomes[h.Name])
	}))
	return slices.ContainsFunc(wave, func(h *Host) bool { return outcomes[h.Name].Err != nil })
}

// settleFor bounds commits and rollbacks: a rollback restarts units, each within systemd's default of 90 s.
const settleFor = 3 * time.Minute

// change brings the archives a host lacks and applies its plan.
func (r *Run) change(ctx context.Context, h *Host, replace map[string]resource.File, archives *archives, start *headStart) error {
	if h.Plan.Empty() {
		return nil
	}
	p := plan.Plan{Host: h.Plan.Host, Unfinished: h.Plan.Unfinished, Changes: slices.Clone(h.Plan.Changes)}
	errs := fleet.Each(ctx, len(p.Changes), indexes(p.Changes), func(ctx context.Context, n int) (err error) {
		switch res := p.Changes[n].Resource.(type) {
		case resource.Release:
			res.Payload, err = archives.of(ctx, h.Name, res)
			p.Changes[n].Resource = res
		case resource.File:
			if quick, ok := replace[res.Key()]; ok {
				p.Changes[n].Resource = quick
			}
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	if err := space(h.Name, p, h.Facts); err != nil {
		return err
	}
	if h.takeover != nil {
		h.takeover.remember(ctx, h)
	}
	h.began = true
	return r.applyPlan(ctx, h, p, start)
}

func indexes[T any](list []T) []int {
	n := make([]int, len(list))
	for i := range n {
		n[i] = i
	}
	return n
}

func (r *Run) applyPlan(ctx context.Context, h *Host, p plan.Plan, start *headStart) error {
	return apply.Run(ctx, h.conn, r.o.ID, p, apply.Progress{
		Step: func(key string) {
			r.o.report(Event{Host: h.Name, Doing: key})
			if start != nil && r.scraperUnit(h.Name, strings.TrimPrefix(key, "start ")) {
				start.done(h.Name)
			}
		},
		Sent: func(done, total int64) { r.o.report(Event{Host: h.Name, Doing: "send", Done: done, Total: total}) },
	})
}

// settle commits what is proven and puts back what is not. A host that changed nothing, in this run or in an
// interrupted one, has nothing to put back.
func (r *Run) settle(ctx context.Context, h *Host, o *Outcome) error {
	defer func() { r.o.report(Event{Host: h.Name, Doing: "done", Finished: true, Err: o.Err}) }()
	if h.Plan.Empty() && h.Plan.Unfinished == "" {
		return nil
	}
	if o.Err == nil {
		return apply.Commit(ctx, h.conn)
	}
	var step *apply.StepError
	if errors.As(o.Err, &step) {
		o.RolledBack = step.Undone
		o.Journal = r.journalTail(ctx, h, unitsIn(step.Step))
		return nil
	}
	if errors.Is(o.Err, context.Canceled) {
		return nil
	}
	o.Journal = r.journalTail(ctx, h, failingUnits(o.Proofs))
	r.o.report(Event{Host: h.Name, Doing: "roll back"})
	undone, err := apply.Undo(ctx, h.conn)
	if err != nil && !errors.Is(err, apply.ErrPlayback) { // the connection broke; the journal did not
		undone, err = r.undoAgain(ctx, h)
	}
	o.RolledBack = undone && err == nil
	o.Changed = undone || err != nil // no journal: it did not come to a change
	if err != nil {
		o.Err = fault.With(errors.Join(o.Err, fmt.Errorf("%s: roll back: %w", h.Name, err)), "Connect again and run install: it looks at what is there and finishes.")
	}
	return nil
}

// undoAgain plays the journal back over a new connection.
func (r *Run) undoAgain(ctx context.Context, h *Host) (bool, error) {
	conn, err := r.o.dial(ctx, h.host)
	if err != nil {
		return false, err
	}
	_ = h.conn.Close()
	h.conn = conn
	if err := apply.Lock(ctx, conn, h.Name, r.o.Holder, settleFor); err != nil {
		return false, err
	}
	return apply.Undo(ctx, conn)
}

// unitsIn finds the units that a step names.
func unitsIn(step string) []string {
	return slices.DeleteFunc(strings.Fields(step), func(w string) bool { return !strings.HasSuffix(w, ".service") })
}

func failingUnits(proofs []Proof) []string {
	var units []string
	for _, p := range proofs {
		if p.Err != nil && p.Unit != "" && !slices.Contains(units, p.Unit) {
			units = append(units, p.Unit)
		}
	}
	return units
}

// journalTail is the last words of units, for people. It is best effort: the failure itself is already known.
func (r *Run) journalTail(ctx context.Context, h *Host, units []string) string {
	if len(units) == 0 {
		return ""
	}
	script := "journalctl --no-pager -o short-iso -n 20"
	for _, u := range units {
		script += " -u " + fleet.Quote(u)
	}
	res, err := h.conn.Run(ctx, fleet.Cmd{Script: script})
	if err != nil {
		return ""
	}
	return strings.TrimSpace(res.Stdout)
}
