package installer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/facts"
	"github.com/monctl/monctl/fleet/look"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
	"github.com/monctl/monctl/templates"
)

// HostStatus is what runs on one host.
type HostStatus struct {
	Host       string
	Facts      facts.Facts
	Components []ComponentStatus
	Unfinished string // state of a journal that an interrupted run left; "" when none did
	Err        error  // why nothing is known of the host
}

// ComponentStatus is one component that monctl installed on a host.
type ComponentStatus struct {
	desired.Manifest
	State    string // ActiveState and SubState: "active/running"
	Enabled  bool
	Restarts int   // automatic restarts since the last manual one
	Ready    error // nil when the ready path answers 200
	Listed   bool  // the inventory has it on this host
	// TargetsUp of TargetsAll is Prometheus' own count; both 0 for other components.
	TargetsUp, TargetsAll int
	TargetsDown           []string // "node_exporter vm2: connection refused"
}

// Status asks every host what monctl installed there and how it is. It changes nothing and takes no lock.
func Status(ctx context.Context, o Options) []HostStatus {
	var hosts []fleet.Host
	for _, h := range o.Stack.Inventory.Hosts {
		if len(o.Only) == 0 || slices.Contains(o.Only, h.Name) {
			hosts = append(hosts, h.Host)
		}
	}
	list := make([]HostStatus, len(hosts))
	for i, h := range hosts {
		list[i].Host = h.Name
	}
	index := map[string]*HostStatus{}
	for i := range list {
		index[list[i].Host] = &list[i]
	}
	errs := fleet.Each(ctx, o.Parallel, hosts, func(ctx context.Context, h fleet.Host) error {
		return status(ctx, o, h, index[h.Name])
	})
	for i, err := range errs {
		list[i].Err = err
		o.report(Event{Host: list[i].Host, Doing: "done", Finished: true, Err: err})
	}
	return list
}

func status(ctx context.Context, o Options, h fleet.Host, s *HostStatus) error {
	conn, err := o.dial(ctx, h)
	if err != nil {
		return err
	}
	defer conn.Close()
	o.report(Event{Host: h.Name, Doing: "look"})
	if s.Facts, err = facts.Gather(ctx, conn, facts.Options{}); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	manifests, err := Manifests(ctx, conn)
	if err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	var services []resource.Resource
	for _, m := range manifests {
		if m.Unit == "" {
			continue
		}
		services = append(services, resource.Service{Unit: m.Unit})
	}
	seen, err := look.At(ctx, conn, services)
	if err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	s.Unfinished = seen.Journal
	asker := prove.NewAsker(conn)
	defer asker.Close()
	for _, m := range manifests {
		s.Components = append(s.Components, componentStatus(ctx, o, h.Name, m, seen.Units[m.Unit], asker))
	}
	return nil
}

func componentStatus(ctx context.Context, o Options, host string, m desired.Manifest, u look.Unit, asker *prove.Asker) ComponentStatus {
	c := ComponentStatus{Manifest: m, State: "not installed", Enabled: u.File == "enabled", Restarts: u.Restarts}
	if u.Active != "" {
		c.State = u.Active + "/" + u.Sub
	}
	if m.Unit == "" {
		c.State = "files"
	}
	c.Listed = slices.ContainsFunc(o.Stack.On(host), func(i desired.Instance) bool {
		return i.Component.Name == m.Component || slices.Contains(m.InPlaceOf, i.Component.Name)
	})
	if m.Unit == "" {
		return c
	}
	if u.Active != "active" {
		c.Ready = errors.New("does not run")
		return c
	}
	if _, c.Ready = asker.Get(ctx, "http://"+m.Address+m.Ready, nil); c.Ready != nil || !scrapes(o.Stack.Catalog, m) {
		return c
	}
	c.Ready = c.targets(ctx, prove.Prometheus{Asker: asker, Base: "http://" + m.Address})
	return c
}

// scrapes says whether what is installed scrapes the stack, not only its own host.
func scrapes(catalog templates.Catalog, m desired.Manifest) bool {
	is := func(name string) bool { return catalog[name] != nil && catalog[name].Scrapes }
	return is(m.Component) && (len(m.InPlaceOf) == 0 || slices.ContainsFunc(m.InPlaceOf, is))
}

// targets counts what a Prometheus says of its targets.
func (c *ComponentStatus) targets(ctx context.Context, p prove.Prometheus) error {
	targets, err := p.Targets(ctx)
	if err != nil {
		return err
	}
	up, err := p.Up(ctx, prove.Window(targets))
	if err != nil {
		return err
	}
	for _, t := range targets {
		c.TargetsAll++
		switch {
		case t.Health == "up", t.Health == "unknown" && up[prove.Series{Job: t.Job, Instance: t.Instance}] == 1:
			c.TargetsUp++
		case t.LastError == "":
			c.TargetsDown = append(c.TargetsDown, fmt.Sprintf("%s %s: not scraped yet", t.Job, t.Instance))
		default:
			c.TargetsDown = append(c.TargetsDown, fmt.Sprintf("%s %s: %s", t.Job, t.Instance, t.LastError))
		}
	}
	return nil
}

// Manifests reads what monctl left on a host about the components it installed there.
func Manifests(ctx context.Context, conn fleet.Conn) ([]desired.Manifest, error) {
	dir := templates.StateRoot + "/components"
	res, err := conn.Run(ctx, fleet.Cmd{Script: "for f in " + dir + "/*.json; do [ -f \"$f\" ] && cat -- \"$f\"; done; :"})
	if err != nil {
		return nil, err
	}
	if res.Exit != 0 {
		return nil, fmt.Errorf("read %s: %s", dir, strings.TrimSpace(res.Stderr))
	}
	var list []desired.Manifest
	for line := range strings.Lines(res.Stdout) {
		var m desired.Manifest
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return nil, fmt.Errorf("read %s: %w", dir, err)
		}
		list = append(list, m)
	}
	return list, nil
}
