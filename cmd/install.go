package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release/lock"
	"github.com/monctl/monctl/templates"
	"github.com/spf13/cobra"
)

type installOptions struct {
	components []string
	yes        bool
}

func newInstall(g *globals) *cobra.Command {
	var o installOptions
	c := &cobra.Command{
		Use:   "install [HOST…]",
		Short: "Make the hosts what the inventory says, and prove it",
		Long: `Plans, asks, installs what is missing, and proves it: every unit runs, answers that it is
ready, and Prometheus reports every target up. A host whose proof fails is put back as it
was. Running it again changes nothing, or finishes what was interrupted.

With hosts named, only those are worked on, and those that run a Prometheus, which has to
learn of them.`,
		Example: `  monctl install
  monctl install vm2 vm3 --yes
  monctl install --components node_exporter ubuntu@10.0.0.11 10.0.0.12
  monctl install --components prometheus,node_exporter@1.12.1 localhost`,
		ValidArgsFunction: g.completeHosts,
		RunE:              func(c *cobra.Command, args []string) error { return runInstall(c.Context(), g, o, args) },
	}
	c.Flags().StringSliceVar(&o.components, "components", nil, "install these on hosts that need no inventory: `NAME[@VERSION],…`")
	c.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return c
}

func runInstall(ctx context.Context, g *globals, o installOptions, args []string) error {
	opts, err := g.target(o.components, args)
	if err != nil {
		return err
	}
	return g.install(ctx, opts, o.yes)
}

// install plans, asks, changes and proves.
func (g *globals) install(ctx context.Context, opts installer.Options, yes bool) error {
	run, err := g.prepare(ctx, opts, true)
	if err != nil {
		return err
	}
	defer run.Close()
	if err := g.propose(ctx, run, opts.Parallel); err != nil {
		return err
	}
	if run.Changes() {
		if err := g.confirmInstead(ctx, run); err != nil {
			return err
		}
		if err := g.confirm(ctx, yes, question(run), g.details(ctx, run, opts.Parallel)); err != nil {
			return err
		}
	}
	return g.apply(ctx, run)
}

// confirmInstead asks whether the bundled monitor may take the place of what cannot be had, where the policy is to ask. --yes
// answers another question.
func (g *globals) confirmInstead(ctx context.Context, run *installer.Run) error {
	unasked := run.Unasked()
	if len(unasked) == 0 {
		return nil
	}
	var hosts, components []string
	for _, i := range unasked {
		if !slices.Contains(hosts, i.Host) {
			hosts = append(hosts, i.Host)
		}
		if !slices.Contains(components, i.Component) {
			components = append(components, i.Component)
		}
	}
	ok, err := g.ui.Confirm(ctx, fmt.Sprintf("Take the bundled monitor in the place of %s on %s?", strings.Join(components, " and "), ui.Names(hosts)))
	if err == nil && !ok {
		err = fault.Refuse(errNotConfirmed, "Nothing was changed.")
	}
	return err
}

// propose shows in short what would happen; with -v the whole plan.
func (g *globals) propose(ctx context.Context, run *installer.Run, parallel int) error {
	failed := failures(run)
	if len(failed) == len(run.Hosts) {
		g.ui.Errors(failed)
		return code(codeOfHosts(len(run.Hosts), failed))
	}
	if !run.Changes() {
		return nil
	}
	if !g.verbose && !g.json {
		g.ui.Brief(run)
		return nil
	}
	return g.details(ctx, run, parallel)()
}

// details gives what shows the whole plan.
func (g *globals) details(ctx context.Context, run *installer.Run, parallel int) func() error {
	return func() error {
		contents, err := contentsOf(ctx, run, parallel)
		if err == nil {
			g.ui.Plan(ui.PlanView{Run: run, Contents: contents})
		}
		return err
	}
}

func question(run *installer.Run) string {
	if failed := len(run.Failed()); failed > 0 {
		return fmt.Sprintf("Change %d of %d hosts, without those that cannot be planned?", len(run.Hosts)-failed, len(run.Hosts))
	}
	return "Change these hosts?"
}

// apply carries out the plan and shows how every host came out of it.
func (g *globals) apply(ctx context.Context, run *installer.Run) error {
	changes := run.Changes()
	outcomes := g.carryOut(run, func() []installer.Outcome { return run.Apply(ctx) })
	return g.conclude(ctx, run, outcomes, changes)
}

func (g *globals) carryOut(run *installer.Run, do func() []installer.Outcome) []installer.Outcome {
	progress := g.ui.ChangeProgress(run.Hosts)
	defer progress.Close()
	defer g.events.listen(progress.Report)()
	return do()
}

// conclude prints results, errors and addresses, and writes the lock file when all went well.
func (g *globals) conclude(ctx context.Context, run *installer.Run, outcomes []installer.Outcome, changed bool) error {
	failed := failedOf(run, outcomes)
	if len(failed) == 0 {
		if err := g.lock(ctx, run); err != nil {
			return err
		}
	}
	took := time.Since(g.started)
	report := ui.InstallReport{Stack: run.Stack, Outcomes: outcomes, Changed: changed, Took: took, Failed: failed}
	if ctx.Err() != nil {
		report.Interrupted, report.Failed = true, ownFailures(outcomes, failed)
	}
	g.ui.Installed(report)
	g.summary(report.Counts())
	if ctx.Err() != nil {
		return code(exitInterrupted)
	}
	return code(codeOfHosts(len(run.Hosts), failed))
}

// ownFailures leaves out what failed because the person interrupted: it is no news.
func ownFailures(outcomes []installer.Outcome, failed []ui.HostError) []ui.HostError {
	return slices.DeleteFunc(failed, func(e ui.HostError) bool {
		return errors.Is(e.Err, context.Canceled) || slices.ContainsFunc(outcomes, func(o installer.Outcome) bool { return o.Host == e.Host && o.RolledBack })
	})
}

func failedOf(run *installer.Run, outcomes []installer.Outcome) []ui.HostError {
	return failedIn(run.Stack, outcomes)
}

func failedIn(stack *desired.Stack, outcomes []installer.Outcome) []ui.HostError {
	var list []ui.HostError
	for _, o := range outcomes {
		if o.Err != nil {
			list = append(list, ui.HostError{Host: o.Host, Address: addressOf(stack, o.Host), Err: o.Err, Journal: o.Journal})
		}
	}
	return list
}

// lock writes down what was chosen, beside the inventory.
func (g *globals) lock(ctx context.Context, run *installer.Run) error {
	if !isFile(run.Stack.Inventory) {
		return nil
	}
	return lock.Update(ctx, g.lockFile(run.Stack.Inventory), func(f *lock.File) error {
		for name, chosen := range run.Releases {
			if run.Stack.Catalog[name].Release.Source != templates.Self { // there is only the one that runs
				f.Set(name, chosen.Locked())
			}
		}
		return nil
	})
}
