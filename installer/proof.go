package installer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
)

// Proof is one thing that was proven about a host, or not.
type Proof struct {
	Kind ProofKind
	What string // "node_exporter is ready", "Prometheus on vm1 reports node_exporter up"
	Unit string // the unit it is about
	Note string // what a person may want to know although it is proven, or why it cannot be
	Err  error
}

// ProofKind says what sort of thing was proven.
type ProofKind string

// The kinds of proofs.
const (
	ProofReady      ProofKind = "ready"      // it answers that it is ready
	ProofTarget     ProofKind = "target"     // a Prometheus scrapes it
	ProofAlerts     ProofKind = "alerts"     // a Prometheus would send it alerts
	ProofDatabase   ProofKind = "database"   // its database works
	ProofDatasource ProofKind = "datasource" // it can query a datasource
	ProofHistory    ProofKind = "history"    // it has the samples of what it took the place of
	ProofLogs       ProofKind = "logs"       // it may read the log files it is to send
	ProofLine       ProofKind = "line"       // a line of its journal is read back from Loki
	ProofRules      ProofKind = "rules"      // every rule is loaded and none fails
	ProofDashboard  ProofKind = "dashboard"  // Grafana has it, and its queries are answered
	ProofFresh      ProofKind = "fresh"      // samples go on being stored
	ProofAlert      ProofKind = "alert"      // the receiver took a test alert
)

// proofs collects what is proven per host, from many goroutines.
type proofs struct {
	mu     sync.Mutex
	byHost map[string][]Proof
}

func (p *proofs) add(host string, proof Proof) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byHost[host] = append(p.byHost[host], proof)
}

// missed notes hosts whose turn did not come: not proven is not good.
func (p *proofs) missed(hosts []*Host, errs []error) {
	for i, err := range errs {
		if err != nil {
			p.add(hosts[i].Name, Proof{What: "proof", Err: err})
		}
	}
}

// down says whether a unit of a host was found not to be ready.
func (p *proofs) down(host, unit string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.byHost[host], func(proof Proof) bool {
		return proof.Kind == ProofReady && proof.Unit == unit && proof.Err != nil
	})
}

// allDown says whether nothing on a host is ready.
func (r *Run) allDown(h *Host, found *proofs) bool {
	return !slices.ContainsFunc(r.Stack.On(h.Name), func(i desired.Instance) bool { return i.Component.Runs() && !found.down(h.Name, i.Unit()) })
}

// silent notes what all components of a host would have said of others.
func (r *Run) silent(h *Host, about []*Host, found *proofs) {
	for _, i := range r.Stack.On(h.Name) {
		r.unheard(i, about, errors.New("it is not ready"), found)
	}
}

// unheard notes what a component that is asked about other hosts would have said of them: not proven is not good.
func (r *Run) unheard(i desired.Instance, about []*Host, why error, found *proofs) {
	if !r.Stack.Scrapes(i) && i.Component.Name != "loki" {
		return
	}
	for _, h := range about {
		if h.Name != i.Host.Name {
			found.add(h.Name, Proof{Kind: ProofTarget, What: fmt.Sprintf("%s on %s can be asked about %s", i.Component.Title, i.Host.Name, h.Name), Err: why})
		}
	}
}

func (p *proofs) failed(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.byHost[host], func(proof Proof) bool { return proof.Err != nil })
}

// prove first waits for the components of every host to be ready, then asks Prometheus about its targets and rules,
// Grafana about its datasources and dashboards, and Loki for a line of every host. It is the last step of an installation
// and all of Verify, which has the time to wait for what takes several scrapes. Hosts that already failed are not asked. The Prometheis of earlier waves are asked about the
// hosts of this one, too.
func (r *Run) prove(ctx context.Context, wave []*Host, outcomes map[string]*Outcome, quick quickFiles) map[string][]Proof {
	ctx, cancel := context.WithTimeout(ctx, r.proveFor())
	defer cancel()
	found := &proofs{byHost: map[string][]Proof{}}
	var good []*Host
	for _, h := range wave {
		if outcomes[h.Name].Err == nil {
			good = append(good, h)
		}
	}
	found.missed(good, fleet.Each(ctx, r.o.Parallel, good, func(ctx context.Context, h *Host) error {
		r.o.report(Event{Host: h.Name, Doing: "prove"})
		r.proveReady(ctx, h, found)
		return nil
	}))
	ready := slices.DeleteFunc(slices.Clone(good), func(h *Host) bool {
		return found.failed(h.Name) && (!r.thorough || r.allDown(h, found)) // a host that will not be undone is asked about its other parts
	})
	for _, h := range good {
		if r.thorough && r.allDown(h, found) {
			r.silent(h, good, found)
		}
	}
	watchers := slices.Concat(r.prior, ready)
	found.missed(watchers, fleet.Each(ctx, r.o.Parallel, watchers, func(ctx context.Context, h *Host) error {
		r.proveTogether(ctx, h, ready, quick, found)
		return nil
	}))
	r.prior = append(r.prior, slices.DeleteFunc(ready, func(h *Host) bool { return found.failed(h.Name) })...)
	return found.byHost
}

// proveTogether lets the components of a host that see others say what they see.
func (r *Run) proveTogether(ctx context.Context, h *Host, ready []*Host, quick quickFiles, found *proofs) {
	asker := prove.NewAsker(h.conn)
	defer asker.Close()
	on := r.Stack.On(h.Name)
	_ = fleet.Each(ctx, len(on), on, func(ctx context.Context, i desired.Instance) error {
		if found.down(h.Name, i.Unit()) {
			r.unheard(i, ready, errors.New("it is not ready"), found)
			return nil
		}
		switch {
		case r.Stack.Scrapes(i):
			r.proveScraper(ctx, asker, i, ready, quick.has(i), found)
		case i.Component.Name == "loki":
			r.proveLoki(ctx, asker, i, ready, found)
		case i.Component.Name == "grafana" && slices.Contains(ready, h): // once is enough
			r.proveGrafana(ctx, h, asker, i, found)
		}
		return nil
	})
}

func (r *Run) proveFor() time.Duration {
	if r.o.ProveFor > 0 {
		return r.o.ProveFor
	}
	return DefaultProveFor
}

// proveReady waits for every instance of a host. An unchanged instance that a Prometheus of this run scrapes is left to
// that Prometheus, whose word is the stronger one.
func (r *Run) proveReady(ctx context.Context, h *Host, found *proofs) {
	asker := prove.NewAsker(h.conn)
	defer asker.Close()
	for _, i := range r.Stack.On(h.Name) {
		if sendsLogs(i) {
			r.proveLogs(ctx, h, i, found)
		}
		if !i.Component.Runs() || !r.thorough && !touched(h.Plan, i) && !r.Stack.Scrapes(i) && r.scrapedInRun(i) {
			continue
		}
		err := asker.Ready(ctx, "http://"+i.Local()+i.Component.Ready, func(ctx context.Context) error { return crashed(ctx, h.conn, i.Unit(), r.thorough) })
		found.add(h.Name, Proof{Kind: ProofReady, What: i.Component.Name + " is ready", Unit: i.Unit(), Err: err})
		if err == nil && sendsLogs(i) {
			r.writeLine(ctx, h, i, found)
		}
	}
}

// brief is for a short script during a proof. The end of the proof's time must not end the shell, which a rollback
// needs next.
func brief(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
}

// touched says whether the plan restarts or starts the instance.
func touched(p plan.Plan, i desired.Instance) bool { return restarts(p, i.Unit()) }

func restarts(p plan.Plan, unit string) bool {
	return slices.ContainsFunc(p.Changes, func(c plan.Change) bool {
		s, ok := c.Resource.(resource.Service)
		return ok && s.Unit == unit && c.Action != plan.Enable
	})
}

func (r *Run) scrapedInRun(i desired.Instance) bool {
	return i.Component.Metrics != "" && slices.ContainsFunc(r.alive(), func(h *Host) bool {
		return len(r.Stack.ScrapersOn(h.Name)) > 0
	})
}

// crashed says why waiting for a unit is pointless: systemd gave up, or starts it again and again; or, when nobody has just
// started it, that it does not run.
func crashed(ctx context.Context, conn fleet.Conn, unit string, settled bool) error {
	ctx, cancel := brief(ctx)
	defer cancel()
	res, err := conn.Run(ctx, fleet.Cmd{Script: "systemctl show -p ActiveState,SubState,NRestarts,Result,ExecMainStatus -- " + fleet.Quote(unit)})
	if err != nil {
		return err
	}
	state := map[string]string{}
	for line := range strings.Lines(res.Stdout) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		state[key] = value
	}
	if settled && state["ActiveState"] == "inactive" {
		return fault.With(fmt.Errorf("%s does not run", unit), "monctl doctor says why; systemctl start %s on the host starts it.", unit)
	}
	if state["ActiveState"] == "failed" || len(state["NRestarts"]) > 1 || state["NRestarts"] > "1" {
		return fault.With(fmt.Errorf("%s does not stay up: %s/%s, restarted %s times, exit status %s",
			unit, state["ActiveState"], state["SubState"], state["NRestarts"], state["ExecMainStatus"]),
			"The end of its journal is shown with this error.")
	}
	return nil
}
