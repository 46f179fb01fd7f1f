package installer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
)

// provePrometheus asks a Prometheus about its targets on the hosts of this run; what it says counts for the target's host.
func (r *Run) provePrometheus(ctx context.Context, asker *prove.Asker, i desired.Instance, hosts []*Host, quick bool, found *proofs) {
	p := prove.Prometheus{Asker: asker, Base: "http://" + i.Local()}
	r.proveAlertmanagers(ctx, p, i, found) // first, because a reload makes Prometheus forget them for up to 5 s
	expected, hostOf := r.expected(i, hosts, quick)
	before := r.appended(ctx, p)
	down, err := r.allUp(ctx, p, i, expected, quick)
	if err != nil {
		found.add(i.Host.Name, Proof{Kind: ProofReady, What: "Prometheus answers", Unit: i.Unit(), Err: err})
		return
	}
	if r.thorough {
		r.proveFresh(ctx, p, i, expected, before, down, found)
	}
	for _, e := range expected {
		proof := Proof{Kind: ProofTarget, What: fmt.Sprintf("Prometheus on %s reports %s up", i.Host.Name, targetName(r.Stack, e)), Unit: desired.UnitName(e.Job)}
		if why := down[e.Series]; why != nil {
			proof.Err = fmt.Errorf("%s: %w", e.Address, why)
		}
		found.add(hostOf[e.Series], proof)
	}
	if slices.ContainsFunc(hosts, func(h *Host) bool { return h.Name == i.Host.Name }) {
		r.proveRules(ctx, p, i, "Prometheus", r.Stack.Rules(), found)
	}
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
	if err := r.endQuickProof(end, r.Hosts[n]); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(down)), prove.Slow) {
		return down, nil
	}
	return p.AllUp(ctx, expected)
}

// expected lists the targets of a Prometheus on the given hosts, and which host each is on. began says that this run
// started the Prometheus.
func (r *Run) expected(i desired.Instance, hosts []*Host, began bool) ([]prove.Expected, map[prove.Series]string) {
	var expected []prove.Expected
	hostOf := map[prove.Series]string{}
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
		hostOf[s] = on
		if r.thorough {
			expected = append(expected, prove.Expected{Series: s, Address: t.Address, Fresh: true, Settled: true})
			continue
		}
		isNew := began && starts(hosts[n].Plan, desired.UnitName(t.Job))
		expected = append(expected, prove.Expected{Series: s, Address: t.Address, New: isNew, Fresh: !isNew && changedJob(r, hosts[n], t.Job)})
	}
	return expected, hostOf
}

func changedJob(r *Run, h *Host, job string) bool {
	return slices.ContainsFunc(r.Stack.On(h.Name), func(i desired.Instance) bool { return i.Component.Name == job && touched(h.Plan, i) })
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
	found.add(i.Host.Name, Proof{Kind: ProofAlerts, What: fmt.Sprintf("Prometheus on %s sends alerts to Alertmanager", i.Host.Name), Unit: i.Unit(), Err: err})
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
