package cmd

import (
	"context"

	"github.com/monctl/monctl/installer"
	"github.com/spf13/cobra"
)

func newSecrets(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use:     "secrets",
		Short:   "Show generated passwords, and make new ones",
		Example: "  monctl secrets show grafana\n  monctl secrets rotate mysqld_exporter",
		Args:    unknownCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newSecretsShow(g), newSecretsRotate(g))
	return c
}

func newSecretsRotate(g *globals) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "rotate COMPONENT",
		Short: "Give the account of an exporter a new password",
		Long: `Makes a new password on every host that the component runs on, gives it to the account that
create_user made in the database, and restarts the exporter with it. It is an install with
new passwords: planned, asked for, and proven.`,
		Example:           "  monctl secrets rotate mysqld_exporter",
		Args:              someArgs("the name of a component"),
		ValidArgsFunction: g.completeComponents,
		RunE:              func(c *cobra.Command, args []string) error { return runRotate(c.Context(), g, args[0], yes) },
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func runRotate(ctx context.Context, g *globals, component string, yes bool) error {
	stack, err := g.load("")
	if err != nil {
		return err
	}
	if err := inCatalog(stack.Catalog, component); err != nil {
		return err
	}
	if err := stack.Rotatable(component); err != nil {
		return err
	}
	o, err := g.options(stack.Rotate(component), nil)
	if err != nil {
		return err
	}
	return g.install(ctx, o, yes)
}

func newSecretsShow(g *globals) *cobra.Command {
	var valueOnly bool
	c := &cobra.Command{
		Use:   "show COMPONENT",
		Short: "Read the secrets of a component from its hosts and print them",
		Long: `Reads the secrets of a component (such as Grafana's first password) from the hosts it runs
on, and prints them on standard output. They are kept there alone, readable by root.`,
		Example: `  monctl secrets show grafana
  curl -u "admin:$(monctl secrets show grafana --value)" http://10.0.0.11:3000/api/org`,
		Args:              someArgs("the name of a component"),
		ValidArgsFunction: g.completeComponents,
		RunE:              func(c *cobra.Command, args []string) error { return runSecrets(c.Context(), g, args[0], valueOnly) },
	}
	c.Flags().BoolVar(&valueOnly, "value", false, "print the value alone")
	return c
}

func runSecrets(ctx context.Context, g *globals, component string, valueOnly bool) error {
	stack, err := g.load("")
	if err != nil {
		return err
	}
	if err := inCatalog(stack.Catalog, component); err != nil {
		return err
	}
	o, err := g.options(stack, nil)
	if err != nil {
		return err
	}
	secrets, err := g.readSecrets(ctx, o, component)
	if err != nil {
		return err
	}
	g.ui.Secrets(stack, secrets, valueOnly)
	return nil
}

func (g *globals) readSecrets(ctx context.Context, o installer.Options, component string) ([]installer.Secret, error) {
	progress := g.ui.LookProgress(1)
	defer progress.Close()
	return installer.Secrets(ctx, o, component)
}
