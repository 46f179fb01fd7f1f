// Package cmd is the command line: it turns words into options for the packages that do the work, asks before anything
// is changed, and gives results to cmd/ui, which prints them. It does nothing to a host itself.
package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Main runs one command line and returns the exit code.
func Main(args []string, streams ui.Streams) int {
	g := &globals{}
	root := newRoot(g)
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	g.ui = ui.New(streams, ui.Options{JSON: wantsJSON(args)})
	g.streams = streams
	ctx, stop := interruptible(g)
	defer stop()
	err := root.ExecuteContext(ctx)
	return finish(g, ctx, err)
}

// wantsJSON finds --json before the command line is understood, so that its errors are JSON too.
func wantsJSON(args []string) bool {
	for _, a := range args {
		if a == "--json" || a == "--json=true" {
			return true
		}
		if a == "--" {
			return false
		}
	}
	return false
}

func newRoot(g *globals) *cobra.Command {
	root := &cobra.Command{
		Use:   "monctl",
		Short: "From bare Linux VMs to a proven monitoring stack, over SSH",
		Long: `monctl takes bare Linux VMs to a monitoring stack that is proven to work: Prometheus,
Grafana, Alertmanager and exporters, installed over SSH, verified, wired together,
and rolled back where the proof fails. The hosts need nothing but systemd.`,
		Example: `  monctl init ubuntu@10.0.0.11 10.0.0.12 10.0.0.13
  monctl plan
  monctl install`,
		Args:              unknownCommand,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return g.begin() },
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	cobra.EnableCommandSorting = false // they are listed in the order in which one needs them
	g.flags(root.PersistentFlags())
	root.Flags().SortFlags = false
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpTemplate(helpTemplate)
	root.AddGroup(&cobra.Group{ID: "stack", Title: "The stack"}, &cobra.Group{ID: "about", Title: "Around it"})
	add(root, "stack", newInit(g), newPlan(g), newInstall(g), newVerify(g), newStatus(g), newOpen(g), newAlert(g), newDoctor(g), newServe(g), newQuery(g), newUpgrade(g), newData(g), newRollback(g), newUninstall(g))
	add(root, "about", newCatalog(g), newDashboard(g), newSecrets(g), newTrust(g), newSchema(g), newVersion(g))
	root.SetHelpCommandGroupID("about")
	return root
}

func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

// unknownCommand is reached when the first word is no command.
func unknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	err := fmt.Errorf("there is no command %q%s", args[0], inventory.Suggest(args[0], names))
	return fault.Misuse(err, "%s --help lists the commands.", c.CommandPath())
}

// flagError explains a wrong flag, with the nearest one that exists.
func flagError(c *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		name := unknown.GetSpecifiedName()
		near := strings.Replace(inventory.Suggest(name, names), `"`, `"--`, 1)
		err = fmt.Errorf("there is no flag --%s%s", name, near)
	}
	return fault.Misuse(err, "See %s --help.", c.CommandPath())
}

// noArgs refuses words after a command that takes none.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fault.Misuse(fmt.Errorf("%s takes no arguments, got %q", c.CommandPath(), args[0]), "See %s --help.", c.CommandPath())
}

// someArgs wants at least one word, and says which.
func someArgs(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return fault.Misuse(fmt.Errorf("%s: %s is missing", c.CommandPath(), what), "For example:\n%s", c.Example)
	}
}
