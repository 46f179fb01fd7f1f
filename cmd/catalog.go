package cmd

import (
	"errors"
	"fmt"
	"os"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/templates"
	"github.com/spf13/cobra"
)

func newCatalog(g *globals) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "catalog [COMPONENT]",
		Short: "List components, their settings, versions and checksums",
		Long: `Without a name: every component monctl knows. With one: its settings for monctl.yaml and
its pinned versions, newest first, with how many independent sources attest each checksum.
The default is the newest version that two of them attest for the host's architecture.
Nothing is downloaded.`,
		Example: `  monctl catalog
  monctl catalog prometheus
  monctl catalog grafana --all -v
  monctl catalog prometheus --json | jq -r 'select(.default) | .url'`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fault.Misuse(errors.New("more than one component"), "See monctl catalog --help.")
			}
			return nil
		},
		ValidArgsFunction: g.completeComponents,
		RunE:              func(_ *cobra.Command, args []string) error { return runCatalog(g, all, args) },
	}
	c.Flags().BoolVar(&all, "all", false, "show all versions, not only the newest")
	return c
}

func runCatalog(g *globals, all bool, args []string) error {
	inv, err := g.inventoryIfAny()
	if err != nil {
		return err
	}
	catalog, err := g.catalog(inv)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		g.ui.Catalog(catalog)
		return nil
	}
	if err := inCatalog(catalog, args[0]); err != nil {
		return err
	}
	g.ui.Component(ui.ComponentView{Component: catalog[args[0]], All: all})
	return nil
}

// inventoryIfAny reads the inventory where there is one: it may name a catalogue.
func (g *globals) inventoryIfAny() (*inventory.Inventory, error) {
	if _, err := os.Stat(g.file); err != nil && !g.set.Changed("file") {
		return nil, nil
	}
	return inventory.Load(g.file)
}

func inCatalog(catalog templates.Catalog, name string) error {
	if _, ok := catalog[name]; ok {
		return nil
	}
	return fault.Misuse(fmt.Errorf("there is no component %q%s", name, inventory.Suggest(name, catalog.Names())), "monctl catalog lists them.")
}
