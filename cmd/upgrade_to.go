package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/templates"
)

// runUpgradeTo lets one component of a host take the place of another one of its kind, which hands its samples over.
func runUpgradeTo(ctx context.Context, g *globals, o upgradeOptions, args []string) error {
	stack, err := g.load("")
	if err != nil {
		return err
	}
	way, err := wayOf(stack, o.to, args)
	if err != nil {
		return err
	}
	opts, err := g.options(stack, []string{way.host})
	if err != nil {
		return err
	}
	opts.Put = map[string]string{way.host: way.to.Name}
	if way.version != "" {
		fresh, err := g.releases(stack.Inventory, true)
		if err != nil {
			return err
		}
		opts.Releases = upgrading{Releases: opts.Releases, fresh: fresh, wanted: map[string]string{way.to.Name: way.version}}
	}
	run, err := g.prepare(ctx, opts, true)
	if err != nil {
		return err
	}
	defer run.Close()
	if way.to.Scrapes && way.from.Scrapes && !run.TakesOver(way.host) && run.Changes() {
		g.ui.Note("note: there are no samples of %s on %s to go over", way.from.Name, way.host)
	}
	for _, hint := range way.inFile(stack) {
		g.ui.Note("%s", hint)
	}
	if err := g.propose(ctx, run, opts.Parallel); err != nil {
		return err
	}
	if run.Changes() {
		if err := g.confirm(ctx, o.yes, question(run), g.details(ctx, run, opts.Parallel)); err != nil {
			return err
		}
	}
	return g.apply(ctx, run)
}

// way is HOST/COMPONENT --to NAME[@VERSION].
type way struct {
	host     string
	from, to *templates.Component
	version  string
}

var errNoWay = errors.New("which component of which host is not said")

func wayOf(stack *desired.Stack, to string, args []string) (way, error) {
	example := "For example: monctl upgrade vm1/monitor --to prometheus"
	if len(args) != 1 || !strings.Contains(args[0], "/") {
		return way{}, fault.Misuse(fmt.Errorf("--to: %w", errNoWay), "%s", example)
	}
	var w way
	var from string
	w.host, from, _ = strings.Cut(args[0], "/")
	name, version, at := strings.Cut(to, "@")
	w.version = version
	if err := known(stack.Inventory, []string{w.host}); err != nil {
		return w, err
	}
	for _, c := range []struct {
		name string
		to   **templates.Component
	}{{from, &w.from}, {name, &w.to}} {
		if *c.to = stack.Catalog[c.name]; *c.to == nil {
			return w, fault.Misuse(fmt.Errorf("there is no component %q%s", c.name, inventory.Suggest(c.name, stack.Catalog.Names())), "monctl catalog lists them.")
		}
	}
	switch {
	case at && version == "":
		return w, fault.Misuse(fmt.Errorf("%q: no version after the @", to), "")
	case w.from.Like != w.to.Name && w.to.Like != w.from.Name && !w.from.ServesFor(w.to.Name) && !w.to.ServesFor(w.from.Name):
		return w, fault.Misuse(fmt.Errorf("%s cannot take the place of %s: they do not do the same", w.to.Name, w.from.Name), "%s", example)
	case !slices.ContainsFunc(stack.On(w.host), func(i desired.Instance) bool { return i.Component == w.from || i.Component == w.to }):
		return w, fault.Misuse(fmt.Errorf("%s names neither %s nor %s for %s", stack.Inventory.Name, w.from.Name, w.to.Name, w.host), "See monctl status for what runs where.")
	}
	return w, nil
}

// inFile says what to write into the inventory; until then the host's own record holds.
func (w way) inFile(stack *desired.Stack) []string {
	if slices.ContainsFunc(stack.On(w.host), func(i desired.Instance) bool { return i.Component == w.to }) {
		return nil
	}
	hint := fmt.Sprintf("note: %s says %s for %s; write %s there. Until then it stays as it is put now", stack.Inventory.Name, w.from.Name, w.host, w.to.Name)
	if without := stack.NotShared(w.from, w.to); len(without) > 0 {
		hint += fmt.Sprintf(". %s goes without the settings %s of %s", w.to.Name, ui.Names(without), w.from.Name)
	}
	return []string{hint}
}
