package installer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/apply"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/look"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/self"
	"github.com/monctl/monctl/templates"
)

// Removal says what to take off hosts.
type Removal struct {
	Components []string // empty for all that monctl installed there
	Purge      []string // "HOST/COMPONENT" whose data is deleted too
}

// Kept is data that an uninstall leaves on a host.
type Kept struct{ Host, Component, Path string }

// PrepareRemoval connects, locks and plans the removal. What there is to remove comes from the hosts' own manifests,
// not from the inventory. Data folders that stay are listed.
func PrepareRemoval(ctx context.Context, o Options, what Removal) (*Run, []Kept, error) {
	r := &Run{o: o, Stack: o.Stack}
	for _, h := range o.Stack.Inventory.Hosts {
		if len(o.Only) == 0 || slices.Contains(o.Only, h.Name) {
			r.Hosts = append(r.Hosts, &Host{Name: h.Name, host: h.Host})
		}
	}
	if err := what.check(o); err != nil {
		return nil, nil, err
	}
	kept := make([][]Kept, len(r.Hosts))
	r.each(ctx, r.Hosts, func(ctx context.Context, h *Host) error {
		n := slices.Index(r.Hosts, h)
		var err error
		kept[n], err = r.planRemoval(ctx, h, what)
		return err
	})
	return r, slices.Concat(kept...), ctx.Err()
}

// check refuses an identity that names no host of this run: a typo must not pass as "nothing to purge".
func (what Removal) check(o Options) error {
	for _, id := range what.Purge {
		host, component, ok := strings.Cut(id, "/")
		_, known := o.Stack.Inventory.Host(host)
		if !ok || component == "" || !known || len(o.Only) > 0 && !slices.Contains(o.Only, host) {
			return fault.Misuse(fmt.Errorf("--purge-data=%s names no HOST/COMPONENT of this run", id), "Give the identity exactly, for example --purge-data=vm1/prometheus.")
		}
		if len(what.Components) > 0 && !slices.Contains(what.Components, component) {
			return fault.Misuse(fmt.Errorf("--purge-data=%s: %s is not being uninstalled", id, component), "")
		}
	}
	return nil
}

func (r *Run) planRemoval(ctx context.Context, h *Host, what Removal) (kept []Kept, err error) {
	if h.conn, err = r.o.dial(ctx, h.host); err != nil {
		return nil, err
	}
	if err := apply.Lock(ctx, h.conn, h.Name, r.o.Holder, r.o.LockWait); err != nil {
		return nil, err
	}
	r.o.report(Event{Host: h.Name, Doing: "look"})
	manifests, err := Manifests(ctx, h.conn)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.Name, err)
	}
	for _, m := range manifests {
		if len(what.Components) > 0 && !slices.Contains(what.Components, m.Component) {
			continue
		}
		purge := slices.Contains(what.Purge, h.Name+"/"+m.Component)
		h.Resources = append(h.Resources, gone(m, purge)...)
		if m.Data != "" && !purge {
			kept = append(kept, Kept{h.Name, m.Component, m.Data})
		}
	}
	if len(what.Components) == 0 { // monctl itself, which the data commands leave on hosts
		h.Resources = append(h.Resources, resource.Purge{Path: self.Folder})
	}
	for _, id := range what.Purge {
		host, component, _ := strings.Cut(id, "/")
		if host == h.Name && !slices.ContainsFunc(manifests, func(m desired.Manifest) bool { return m.Component == component }) {
			return nil, fault.Refuse(fmt.Errorf("%s: monctl did not install %s here, so it deletes no data of it", host, component), "")
		}
	}
	seen, err := look.At(ctx, h.conn, h.Resources)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.Name, err)
	}
	h.Plan = plan.Of(h.Name, h.Resources, seen)
	return kept, nil
}

// gone lists what goes away with a component. Its user stays as long as files of it stay.
func gone(m desired.Manifest, purge bool) []resource.Resource {
	var list []resource.Resource
	if m.Unit != "" {
		list = append(list, resource.Stopped{Unit: m.Unit}, resource.Gone{Path: templates.UnitRoot + "/" + m.Unit})
	}
	list = append(list, resource.Gone{Path: m.Config, Tree: true}, resource.Gone{Path: m.Release, Tree: true}, resource.Gone{Path: desired.ManifestPath(m.Component)})
	if purge && m.Data != "" {
		list = append(list, resource.Purge{Path: m.Data})
	}
	if m.User != "" && (purge || m.Data == "") {
		list = append(list, resource.NoUser{Name: m.User})
	}
	return list
}

// ApplyRemoval carries out the planned removal. A failing host is put back, except for data that was purged.
func (r *Run) ApplyRemoval(ctx context.Context) []Outcome {
	outcomes := make([]Outcome, len(r.Hosts))
	for i, h := range r.Hosts {
		outcomes[i] = Outcome{Host: h.Name, Err: h.Err, Changed: h.Err == nil && !h.Plan.Empty()}
	}
	errs := fleet.Each(ctx, r.o.Parallel, r.Hosts, func(ctx context.Context, h *Host) error {
		if h.Err != nil || h.Plan.Empty() {
			return h.Err
		}
		if err := r.applyPlan(ctx, h, h.Plan, nil); err != nil {
			return err
		}
		return apply.Commit(ctx, h.conn)
	})
	for i, err := range errs {
		outcomes[i].Err = err
		var step *apply.StepError
		outcomes[i].RolledBack = errors.As(err, &step) && step.Undone
		r.o.report(Event{Host: r.Hosts[i].Name, Doing: "done", Finished: true, Err: err})
	}
	return outcomes
}
