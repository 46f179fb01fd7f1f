package cmd

import (
	"context"
	"errors"
	"slices"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer"
	"github.com/spf13/cobra"
)

type uninstallOptions struct {
	all, yes bool
	hosts    []string
	purge    []string
}

func newUninstall(g *globals) *cobra.Command {
	var o uninstallOptions
	c := &cobra.Command{
		Use:   "uninstall [COMPONENT…]",
		Short: "Take components off hosts; their data stays",
		Long: `Stops and removes what monctl installed, by what the hosts themselves say is there. Data
stays where it is, and where that is, is said. To delete data too, name each piece of it
with its host: --purge-data=HOST/COMPONENT. Deleted data does not come back.`,
		Example: `  monctl uninstall node_exporter --host vm3
  monctl uninstall --all --yes
  monctl uninstall prometheus --purge-data=vm1/prometheus`,
		ValidArgsFunction: g.completeComponents,
		RunE:              func(c *cobra.Command, args []string) error { return runUninstall(c.Context(), g, o, args) },
	}
	c.Flags().BoolVar(&o.all, "all", false, "everything that monctl installed")
	c.Flags().StringSliceVar(&o.hosts, "host", nil, "only on this `HOST` (can be repeated)")
	c.Flags().StringArrayVar(&o.purge, "purge-data", nil, "also delete the data of `HOST/COMPONENT` for good (can be repeated)")
	c.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return c
}

func runUninstall(ctx context.Context, g *globals, o uninstallOptions, args []string) error {
	opts, err := g.uninstallTarget(o, args)
	if err != nil {
		return err
	}
	run, kept, err := g.prepareRemoval(ctx, opts, installer.Removal{Components: args, Purge: o.purge})
	if err != nil {
		return err
	}
	defer run.Close()
	failed := failures(run)
	if !run.Changes() {
		g.ui.Print("nothing to remove: %s", ui.NothingThere(args))
		g.ui.Errors(failed)
		return code(codeOfHosts(len(run.Hosts), failed))
	}
	g.ui.Plan(ui.PlanView{Run: run})
	g.ui.Kept(kept)
	g.ui.Errors(failed)
	question := "Remove these?"
	if len(o.purge) > 0 {
		question = "Remove these, and delete the data named above for good?"
	}
	if err := g.confirm(ctx, o.yes, question, nil); err != nil {
		return err
	}
	return g.remove(ctx, run, args, kept)
}

// uninstallTarget checks the words and gives the hosts they are about.
func (g *globals) uninstallTarget(o uninstallOptions, components []string) (installer.Options, error) {
	switch {
	case len(components) == 0 && !o.all:
		return installer.Options{}, fault.Misuse(errors.New("what to uninstall is missing"), "Name components, or give --all.")
	case len(components) > 0 && o.all:
		return installer.Options{}, fault.Misuse(errors.New("--all and names of components contradict each other"), "Give one of them.")
	}
	stack, only, err := g.hostsOrFile(o.hosts)
	if err != nil {
		return installer.Options{}, err
	}
	for _, name := range components {
		if err := inCatalog(stack.Catalog, name); err != nil {
			return installer.Options{}, err
		}
	}
	return g.options(stack, only)
}

// remove carries out a planned removal.
func (g *globals) remove(ctx context.Context, run *installer.Run, components []string, kept []installer.Kept) error {
	outcomes := g.carryOut(run, func() []installer.Outcome { return run.ApplyRemoval(ctx) })
	failed := failedOf(run, outcomes)
	g.ui.Removed(run, outcomes, failed)
	if inv := run.Stack.Inventory; isFile(inv) && len(failed) < len(outcomes) && stillListed(run, components) {
		g.ui.Note("%s still lists what was removed: take it out there, or the next install brings it back", inv.Name)
	}
	g.summary(map[string]any{"hosts": len(outcomes), "failed": len(failed), "kept": kept})
	if ctx.Err() != nil {
		g.ui.Interrupted(outcomes)
		return code(exitInterrupted)
	}
	return code(codeOfHosts(len(outcomes), failed))
}

func (g *globals) prepareRemoval(ctx context.Context, o installer.Options, what installer.Removal) (*installer.Run, []installer.Kept, error) {
	progress := g.ui.LookProgress(len(o.Stack.Inventory.Hosts))
	defer progress.Close()
	defer g.events.listen(progress.Report)()
	return installer.PrepareRemoval(ctx, o, what)
}

// stillListed says whether the inventory has any of what was removed.
func stillListed(run *installer.Run, components []string) bool {
	for _, h := range run.Hosts {
		for _, i := range run.Stack.On(h.Name) {
			if len(components) == 0 || slices.Contains(components, i.Component.Name) {
				return true
			}
		}
	}
	return false
}
