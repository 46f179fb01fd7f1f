package installer

import (
	"context"
	"slices"

	"github.com/monctl/monctl/fleet"
)

// witness says whether a host has a component that is asked about other hosts, too.
func witness(o Options, host string) bool {
	return len(o.Stack.ScrapersOn(host)) > 0 || onHost(o, "loki", host)
}

// Verify proves the stack as it is, and changes nothing: what an installation proves at its end, and what takes more than
// one scrape. With Options.Only, these hosts alone are proven, by witnesses wherever they run. An outcome's Err says why
// nothing is known of its host; what was not proven is in its Proofs. With alert, every Alertmanager of the hosts sends
// the test alert.
func Verify(ctx context.Context, o Options, alert *AlertTest) []Outcome {
	r := &Run{o: o, Stack: o.Stack, thorough: true}
	var subjects []*Host
	for _, h := range o.Stack.Inventory.Hosts {
		host := &Host{Name: h.Name, host: h.Host}
		switch {
		case len(o.Stack.On(h.Name)) == 0:
		case len(o.Only) == 0 || slices.Contains(o.Only, h.Name):
			subjects = append(subjects, host)
			r.Hosts = append(r.Hosts, host)
		case witness(o, h.Name):
			r.prior = append(r.prior, host)
			r.Hosts = append(r.Hosts, host)
		}
	}
	defer r.Close()
	r.each(ctx, r.Hosts, func(ctx context.Context, h *Host) (err error) {
		if h.conn, err = o.dial(ctx, h.host); err == nil {
			h.manifests, err = Manifests(ctx, h.conn)
		}
		return err
	})
	for _, h := range r.alive() {
		r.Stack, _, h.Err = InPlace(r.Stack, h.Name, h.manifests)
	}
	return r.verify(ctx, subjects, alert)
}

func onHost(o Options, component, host string) bool {
	for _, i := range o.Stack.Of(component) {
		if i.Host.Name == host {
			return true
		}
	}
	return false
}

func (r *Run) verify(ctx context.Context, subjects []*Host, alert *AlertTest) []Outcome {
	outcomes := map[string]*Outcome{}
	for _, h := range subjects {
		outcomes[h.Name] = &Outcome{Host: h.Name, Err: h.Err}
	}
	r.prior = r.heard(subjects)
	lost := &proofs{byHost: map[string][]Proof{}}
	for _, h := range r.Failed() {
		for _, i := range r.Stack.On(h.Name) {
			r.unheard(i, subjects, h.Err, lost)
		}
	}
	proven := r.prove(ctx, subjects, outcomes, nil)
	for _, h := range subjects {
		if h.Err == nil {
			proven[h.Name] = append(proven[h.Name], lost.byHost[h.Name]...)
		}
	}
	for name, proofs := range proven {
		if o := outcomes[name]; o != nil { // a witness's own troubles are not asked about
			o.Proofs = append(o.Proofs, proofs...)
		}
	}
	if alert != nil {
		r.proveAlert(ctx, *alert, outcomes)
	}
	list := make([]Outcome, 0, len(subjects))
	for _, h := range subjects {
		r.o.report(Event{Host: h.Name, Doing: "done", Finished: true, Err: outcomes[h.Name].Err})
		list = append(list, *outcomes[h.Name])
	}
	return list
}

// heard gives the witnesses that can be asked and are not proven themselves.
func (r *Run) heard(subjects []*Host) []*Host {
	return slices.DeleteFunc(r.alive(), func(h *Host) bool { return slices.Contains(subjects, h) })
}

// proveAlert lets the Alertmanagers of the hosts send a test alert.
func (r *Run) proveAlert(ctx context.Context, t AlertTest, outcomes map[string]*Outcome) {
	hosts := slices.DeleteFunc(r.alive(), func(h *Host) bool { return outcomes[h.Name] == nil || !onHost(r.o, "alertmanager", h.Name) })
	_ = fleet.Each(ctx, r.o.Parallel, hosts, func(ctx context.Context, h *Host) error {
		for _, i := range r.Stack.On(h.Name) {
			if i.Component.Name != "alertmanager" {
				continue
			}
			result := testAlert(ctx, h.conn, i, t)
			outcomes[h.Name].Proofs = append(outcomes[h.Name].Proofs, result.proof(i))
		}
		return nil
	})
}
