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
	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
)

type alertOptions struct {
	severity string
	labels   []string
	wait     time.Duration
}

func newAlert(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "alert",
		Short: "Send a test alert, and say whether the receiver took it",
		Long:  "Alerts of the stack. monctl alert test sends one, to see that it arrives.",
		Example: `  monctl alert test
  monctl alert test --severity critical`,
		Args: unknownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newAlertTest(g))
	return c
}

func newAlertTest(g *globals) *cobra.Command {
	var o alertOptions
	c := &cobra.Command{
		Use:   "test [HOST…]",
		Short: "Send a real alert through Alertmanager, and end it again",
		Long: `Sends the alert ` + installer.TestAlertName + ` through every Alertmanager of the inventory, or of the named hosts,
and waits for what its receivers say: the status and the text of a refusal, as Alertmanager
logs them. Of an answer that it takes for success Alertmanager keeps neither; then its count
of requests that succeeded is what shows it. The alert is ended afterwards, also on Ctrl-C, and
by itself after ten minutes. It takes the way that alerts of its severity take; more labels
lead it elsewhere.

Exit status: 0 accepted, 3 refused, unanswered, silenced, or nobody is told, 4 some of the
Alertmanagers could not be asked, 1 none could.`,
		Example: `  monctl alert test
  monctl alert test --severity critical
  monctl alert test --label team=db --json`,
		ValidArgsFunction: g.completeHosts,
		RunE:              func(c *cobra.Command, args []string) error { return runAlertTest(c.Context(), g, o, args) },
	}
	c.Flags().SortFlags = false
	c.Flags().StringVar(&o.severity, "severity", "warning", "`LEVEL`: critical, warning or info")
	c.Flags().StringArrayVar(&o.labels, "label", nil, "one more label, `NAME=VALUE`")
	c.Flags().DurationVar(&o.wait, "wait", alertWait, "`TIME` to wait for the receivers' answer")
	return c
}

// alertWait is more than the longest group_wait that monctl writes, 30 s, and a slow receiver.
const alertWait = time.Minute

// severities are those of monctl's own rules.
var severities = []string{"critical", "warning", "info"}

// alertTest judges the flags.
func (g *globals) alertTest(o alertOptions) (*installer.AlertTest, error) {
	t := &installer.AlertTest{Severity: o.severity, Labels: map[string]string{}, For: o.wait}
	if t.For == 0 {
		t.For = alertWait
	}
	if t.For < 0 {
		return nil, fault.Misuse(fmt.Errorf("--wait %s: want more than 0", o.wait), "")
	}
	if !slices.Contains(severities, o.severity) {
		return nil, fault.Misuse(fmt.Errorf("--severity %q: want critical, warning or info", o.severity), "For routes on other labels: monctl alert test --label NAME=VALUE.")
	}
	for _, l := range o.labels {
		name, value, ok := strings.Cut(l, "=")
		if !ok || !model.LegacyValidation.IsValidLabelName(name) {
			return nil, fault.Misuse(fmt.Errorf("--label %q: want NAME=VALUE", l), "")
		}
		if slices.Contains([]string{"alertname", "instance"}, name) {
			return nil, fault.Misuse(fmt.Errorf("--label %s: monctl gives that one itself", name), "")
		}
		t.Labels[name] = value
	}
	return t, nil
}

func runAlertTest(ctx context.Context, g *globals, o alertOptions, args []string) error {
	t, err := g.alertTest(o)
	if err != nil {
		return err
	}
	opts, err := g.chosen("", args)
	if err != nil {
		return err
	}
	results := g.sendTest(ctx, opts, *t)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case len(results) == 0:
		return fault.Misuse(fmt.Errorf("no host runs alertmanager in %s", opts.Stack.Inventory.Name), "Add it: components: {alertmanager: {hosts: …, slack: {…}}}.")
	}
	g.ui.AlertResults(*t, results)
	var failed []ui.HostError
	refused := 0
	for _, r := range results {
		switch {
		case r.Err != nil && !errors.Is(r.Err, installer.ErrNotAccepted):
			failed = append(failed, ui.HostError{Host: r.Host, Address: addressOf(opts.Stack, r.Host), Err: r.Err})
		case r.Err != nil:
			refused++
		}
	}
	g.ui.Errors(failed)
	g.summary(map[string]any{"alertmanagers": len(results), "failed": len(failed), "refused": refused})
	switch {
	case len(failed) > 0:
		return code(codeOfHosts(len(results), failed))
	case refused > 0:
		return code(exitChanges)
	}
	return nil
}

func (g *globals) sendTest(ctx context.Context, o installer.Options, t installer.AlertTest) []installer.AlertResult {
	progress := g.ui.LookProgress(len(o.Stack.Of("alertmanager")))
	defer progress.Close()
	defer g.events.listen(progress.Report)()
	return installer.TestAlerts(ctx, o, t)
}
