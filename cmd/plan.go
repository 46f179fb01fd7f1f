package cmd

import (
	"context"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/installer"
	"github.com/spf13/cobra"
)

type planOptions struct {
	full       bool
	components []string
}

func newPlan(g *globals) *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use:   "plan [HOST…]",
		Short: "Show what install would change, and change nothing",
		Long: `Connects to the hosts and shows, per host and file, what install would change there.
Nothing is changed, also on a bare host. Hosts with the same changes are shown once.`,
		Example: `  monctl plan
  monctl plan vm2 --full
  monctl plan --json | jq 'select(.type == "change")'`,
		ValidArgsFunction: g.completeHosts,
		RunE:              func(c *cobra.Command, args []string) error { return runPlan(c.Context(), g, o, args) },
	}
	c.Flags().BoolVar(&o.full, "full", false, "show new files whole")
	c.Flags().StringSliceVar(&o.components, "components", nil, "plan these for hosts that need no inventory: `NAME[@VERSION],…`")
	return c
}

func runPlan(ctx context.Context, g *globals, o planOptions, args []string) error {
	opts, err := g.target(o.components, args)
	if err != nil {
		return err
	}
	opts.Fallback = opts.Stack.Inventory.Fallback // a plan asks nobody
	run, err := g.prepare(ctx, opts, false)
	if err != nil {
		return err
	}
	defer run.Close()
	contents, err := contentsOf(ctx, run, opts.Parallel)
	if err != nil {
		return err
	}
	g.ui.Plan(ui.PlanView{Run: run, Contents: contents, Full: o.full})
	failed := failures(run)
	g.ui.Errors(failed)
	tally := ui.TallyOf(run.Hosts)
	g.summarize(tally)
	switch {
	case len(failed) > 0:
		return code(codeOfHosts(len(run.Hosts), failed))
	case tally.Changes():
		return code(exitChanges)
	}
	return nil
}

// prepare plans, showing how far it is.
func (g *globals) prepare(ctx context.Context, o installer.Options, change bool) (*installer.Run, error) {
	hosts := len(o.Only)
	if hosts == 0 {
		hosts = len(o.Stack.Inventory.Hosts)
	}
	progress := g.ui.LookProgress(hosts)
	defer progress.Close()
	defer g.events.listen(progress.Report)()
	return installer.Prepare(ctx, o, change)
}

// contentsOf reads, from every host, the files that would be updated.
func contentsOf(ctx context.Context, run *installer.Run, parallel int) (map[string]map[string]string, error) {
	texts := make([]map[string]string, len(run.Hosts))
	fleet.Each(ctx, parallel, numbers(len(run.Hosts)), func(ctx context.Context, n int) (err error) {
		if h := run.Hosts[n]; h.Err == nil {
			texts[n], h.Err = run.Contents(ctx, h)
		}
		return nil
	})
	contents := map[string]map[string]string{}
	for i, h := range run.Hosts {
		contents[h.Name] = texts[i]
	}
	return contents, ctx.Err()
}

// failures are the hosts without a plan.
func failures(run *installer.Run) []ui.HostError {
	var list []ui.HostError
	for _, h := range run.Failed() {
		list = append(list, ui.HostError{Host: h.Name, Address: addressOf(run.Stack, h.Name), Err: h.Err})
	}
	return list
}

func (g *globals) summarize(t ui.Tally) {
	g.summary(map[string]any{
		"hosts": t.Hosts, "create": t.Create, "change": t.Change, "start": t.Start, "restart": t.Restart, "remove": t.Remove, "unplanned": t.Unplanned,
	})
}
