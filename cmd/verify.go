package cmd

import (
	"context"
	"io"
	"slices"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer"
	"github.com/spf13/cobra"
)

type verifyOptions struct {
	junit    string
	alert    bool
	severity string
}

func newVerify(g *globals) *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:   "verify [HOST…]",
		Short: "Prove that the stack works, and change nothing",
		Long: `Asks the components themselves, from their own hosts: every target is scraped anew and its
samples are young; a log line written on every host is read back from Loki; Grafana reaches
its datasources and has every dashboard, with data; every alert rule is loaded and
evaluated; with --alert, a test alert arrives. It takes as long as the longest scrape
interval. With hosts named, only those are proven. An installation ends with the same proof,
except for what needs more than one scrape.

Exit status: 0 all is proven, 3 something is not, 4 some hosts could not be asked, 1 none
could.`,
		Example: `  monctl verify
  monctl verify vm2 --alert
  monctl verify --junit verify.xml
  monctl verify --json | jq -r 'select(.type == "proof" and (.ok | not)) | .error'`,
		ValidArgsFunction: g.completeHosts,
		RunE:              func(c *cobra.Command, args []string) error { return runVerify(c.Context(), g, o, args) },
	}
	c.Flags().SortFlags = false
	c.Flags().BoolVar(&o.alert, "alert", false, "let Alertmanager send a test alert, too")
	c.Flags().StringVar(&o.severity, "severity", "warning", "`LEVEL` of that: critical, warning or info")
	c.Flags().StringVar(&o.junit, "junit", "", "write the results to `FILE` as JUnit XML")
	return c
}

func runVerify(ctx context.Context, g *globals, o verifyOptions, args []string) error {
	opts, err := g.chosen("", args)
	if err != nil {
		return err
	}
	var test *installer.AlertTest
	if o.alert {
		if test, err = g.alertTest(alertOptions{severity: o.severity}); err != nil {
			return err
		}
	}
	outcomes := g.verify(ctx, opts, test)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	g.ui.Verified(outcomes)
	if err := writeFile(o.junit, 0o644, func(w io.Writer) error { return ui.VerifyJUnit(w, g.started, outcomes) }); err != nil {
		return err
	}
	failed := failedIn(opts.Stack, outcomes)
	g.ui.Errors(failed)
	tally := ui.ProofsOf(outcomes)
	g.summary(map[string]any{"hosts": len(outcomes), "failed": len(failed), "proofs": tally.Proofs, "unproven": tally.Unproven, "notes": tally.Notes})
	switch {
	case len(failed) > 0:
		return code(codeOfHosts(len(outcomes), failed))
	case tally.Unproven > 0:
		return code(exitChanges)
	}
	return nil
}

// verify proves, showing how far it is.
func (g *globals) verify(ctx context.Context, o installer.Options, test *installer.AlertTest) []installer.Outcome {
	hosts := len(o.Only)
	if hosts == 0 {
		hosts = len(slices.DeleteFunc(slices.Clone(o.Stack.Inventory.Hosts), func(h inventory.Host) bool { return len(o.Stack.On(h.Name)) == 0 }))
	}
	progress := g.ui.LookProgress(hosts)
	defer progress.Close()
	defer g.events.listen(progress.Report)()
	return installer.Verify(ctx, o, test)
}
