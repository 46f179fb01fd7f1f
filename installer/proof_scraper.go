package installer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
)

// proveScraper asks a Prometheus or a monitor about its targets on the hosts of this run; what it says counts for the target's host.
func (r *Run) proveScraper(ctx context.Context, asker *prove.Asker, i desired.Instance, hosts []*Host, quick bool, found *proofs) {
	p := prove.Prometheus{Asker: asker, Base: "http://" + i.Local()}
	r.proveHistory(ctx, p, i, found)
	var rules sync.WaitGroup
	defer rules.Wait()
	if slices.ContainsFunc(hosts, func(h *Host) bool { return h.Name == i.Host.Name }) {
		rules.Go(func() { r.proveRules(ctx, p, i, i.Component.Title, r.Stack.Rules(), found) })
	}
	r.proveAlertmanagers(ctx, p, i, found) // first, because a reload makes Prometheus forget them for up to 5 s
	expected, targets := r.expected(i, hosts, quick)
	before := r.appended(ctx, p)
	down, err := r.allUp(ctx, p, i, expected, quick)
	if err != nil {
		found.add(i.Host.Name, Proof{Kind: ProofReady, What: i.Component.Title + " answers", Unit: i.Unit(), Err: err})
		return
	}
	if r.thorough {
		r.proveFresh(ctx, p, i, expected, before, down, found)
	}
	for _, e := range expected {
		proof := Proof{Kind: ProofTarget, What: fmt.Sprintf("%s on %s reports %s up", i.Component.Title, i.Host.Name, targetName(r.Stack, e)), Unit: targets[e.Series].Unit}
		if why := down[e.Series]; why != nil {
			proof.Err = fmt.Errorf("%s: %w", e.Address, why)
		}
		found.add(targets[e.Series].Host, proof)
	}
}

// proveHistory looks whether an instance that took the place of another one has what that one had.
func (r *Run) proveHistory(ctx context.Context, p prove.Prometheus, i desired.Instance, found *proofs) {
	n := slices.IndexFunc(r.Hosts, func(h *Host) bool { return h.Name == i.Host.Name })
	t := r.Hosts[n].takeover
	if t == nil || t.before == nil || t.to.Component != i.Component {
		return
	}
	what := fmt.Sprintf("%s on %s has the samples of %s", i.Component.Title, i.Host.Name, t.from.Component)
	found.add(i.Host.Name, Proof{Kind: ProofHistory, What: what, Unit: i.Unit(), Err: t.proveHistory(ctx, p)})
}

// allUp waits for the targets. With the short interval it waits a moment only: a target too slow for a scrape every
// second gets its chance with the interval of the plan.
func (r *Run) allUp(ctx context.Context, p prove.Prometheus, i desired.Instance, expected []prove.Expected, quick bool) (map[prove.Series]error, error) {
	if !quick {
		return p.AllUp(ctx, expected)
	}
	short, cancel := context.WithTimeout(ctx, quickProofFor)
	down, err := p.AllUp(short, expected)
	cancel()
	if err != nil {
		return nil, err
	}
	n := slices.IndexFunc(r.Hosts, func(h *Host) bool { return h.Name == i.Host.Name })
	end, cancel := brief(ctx)
	defer cancel()
	if err := r.endQuickProof(end, r.Hosts[n], i); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(down)), prove.Slow) {
		return down, nil
	}
	return p.AllUp(ctx, expected)
}

// proven is what a proof of a target is about.
type proven struct{ Host, Unit string }

// expected lists the targets of an instance on the given hosts, and what each is. began says that this run started the
// instance.
func (r *Run) expected(i desired.Instance, hosts []*Host, began bool) ([]prove.Expected, map[prove.Series]proven) {
	var expected []prove.Expected
	targets := map[prove.Series]proven{}
	for _, t := range r.Stack.Targets(i) {
		s := prove.Series{Job: t.Job, Instance: t.Labels["instance"]}
		on := t.Host
		if on == "" && r.thorough { // an app: not of monctl's doing, but expected
			on = i.Host.Name
		}
		n := slices.IndexFunc(hosts, func(h *Host) bool { return h.Name == on })
		if n < 0 {
			continue
		}
		targets[s] = proven{Host: on, Unit: t.Unit}
		if r.thorough {
			expected = append(expected, prove.Expected{Series: s, Address: t.Address, Fresh: true, Settled: true})
			continue
		}
		isNew := began && starts(hosts[n].Plan, t.Unit)
		expected = append(expected, prove.Expected{Series: s, Address: t.Address, New: isNew, Fresh: !isNew && restarts(hosts[n].Plan, t.Unit)})
	}
	return expected, targets
}

// proveAlertmanagers checks that a Prometheus would send its alerts where the stack says.
func (r *Run) proveAlertmanagers(ctx context.Context, p prove.Prometheus, i desired.Instance, found *proofs) {
	wanted := r.Stack.Alertmanagers(i)
	if len(wanted) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, alertsFor)
	defer cancel()
	err := p.SendsTo(ctx, wanted)
	found.add(i.Host.Name, Proof{Kind: ProofAlerts, What: fmt.Sprintf("%s on %s sends alerts to Alertmanager", i.Component.Title, i.Host.Name), Unit: i.Unit(), Err: err})
}

// alertsFor bounds the wait for Prometheus to learn of its Alertmanagers, which it does every 5 s (updatert in its
// discovery/manager.go).
const alertsFor = 20 * time.Second

// targetName tells the targets of an app apart; a component is on a host once.
func targetName(s *desired.Stack, e prove.Expected) string {
	if _, component := s.Catalog[e.Job]; component {
		return e.Job
	}
	return e.Job + " " + e.Instance
}
