package cmd

import (
	"context"
	"fmt"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/installer"
	"github.com/spf13/cobra"
)

func newRollback(g *globals) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "rollback HOST…",
		Short: "Take back the last change of hosts",
		Long: `Plays back what the last change wrote down on the host before it was made: an interrupted
one if there is one, else the last proven one. Then what is installed must be ready again.
Only the last change can be taken back, and only once.`,
		Example:           "  monctl rollback vm2\n  monctl rollback vm2 vm3 --yes",
		Args:              someArgs("the name of a host"),
		ValidArgsFunction: g.completeHosts,
		RunE:              func(c *cobra.Command, args []string) error { return runRollback(c.Context(), g, yes, args) },
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func runRollback(ctx context.Context, g *globals, yes bool, args []string) error {
	stack, only, err := g.hostsOrFile(args)
	if err != nil {
		return err
	}
	if only == nil {
		for _, h := range stack.Inventory.Hosts {
			only = append(only, h.Name)
		}
	}
	o, err := g.options(stack, only)
	if err != nil {
		return err
	}
	if err := g.confirm(ctx, yes, fmt.Sprintf("Take back the last change of %s?", ui.Names(only)), nil); err != nil {
		return err
	}
	outcomes := g.watch(len(only), func() []installer.Outcome { return installer.Rollback(ctx, o) })
	failed := failedIn(stack, outcomes)
	g.ui.RolledBack(outcomes, failed)
	g.summary(map[string]any{"hosts": len(outcomes), "failed": len(failed)})
	if ctx.Err() != nil {
		g.ui.Interrupted(outcomes)
		return code(exitInterrupted)
	}
	return code(codeOfHosts(len(outcomes), failed))
}

// watch shows how far a command on hosts is that has no plan.
func (g *globals) watch(hosts int, do func() []installer.Outcome) []installer.Outcome {
	progress := g.ui.LookProgress(hosts)
	defer progress.Close()
	defer g.events.listen(progress.Report)()
	return do()
}
