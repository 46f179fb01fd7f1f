package cmd

import (
	"github.com/spf13/cobra"
)

// completeHosts offers the hosts of the inventory to the shell.
func (g *globals) completeHosts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	inv, err := g.inventoryIfAny()
	if err != nil || inv == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, h := range inv.Hosts {
		names = append(names, h.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeComponents offers the components of the catalogue to the shell.
func (g *globals) completeComponents(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	inv, _ := g.inventoryIfAny()
	catalog, err := g.catalog(inv)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return catalog.Names(), cobra.ShellCompDirectiveNoFileComp
}
