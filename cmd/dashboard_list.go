package cmd

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/installer/desired"
	"github.com/spf13/cobra"
)

func newDashboardList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the dashboards that install gives to Grafana",
		Long:    `Those that components and apps of the inventory bring, and those of the folder dashboards/.`,
		Example: "  monctl dashboard list",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			stack, err := g.load("")
			if err != nil {
				return err
			}
			all, err := stack.Boards(firstGrafana(stack))
			if err != nil {
				return err
			}
			g.ui.Dashboards(all)
			return nil
		},
	}
}

func newDashboardRemove(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Take a dashboard out of the folder beside the inventory",
		Long:    `The next install takes it out of Grafana. Dashboards that components bring go with their component.`,
		Example: "  monctl dashboard remove node-exporter-full",
		Args:    someArgs("the name of a dashboard"),
		RunE:    func(_ *cobra.Command, args []string) error { return runDashboardRemove(g, args[0]) },
	}
}

// runDashboardRemove works on files alone, so that it takes away also one that is broken.
func runDashboardRemove(g *globals, name string) error {
	inv, err := g.inventoryOrMake()
	if err != nil {
		return err
	}
	files, err := projectDashboards(inv)
	if err != nil {
		return err
	}
	name = dashboard.NameOf(name)
	if _, there := files[name+".json"]; !there {
		var names []string
		for file := range files {
			names = append(names, dashboard.NameOf(file))
		}
		return fault.Misuse(fmt.Errorf("%s has no dashboard %q%s", dashboardFolder(inv), name, inventory.Suggest(name, names)), "monctl dashboard list lists them.")
	}
	file := filepath.Join(dashboardFolder(inv), name+".json")
	if err := os.Remove(file); err != nil {
		return err
	}
	g.ui.DashboardRemoved(name, desired.ProjectFolder+"/"+name+".json")
	return nil
}

// dashboardsNamed selects by name, or reads files; all without names.
func dashboardsNamed(all []desired.Board, words []string) ([]desired.Board, error) {
	if len(words) == 0 {
		return all, nil
	}
	var chosen []desired.Board
	var names []string
	for _, b := range all {
		names = append(names, b.Name())
	}
	for _, w := range words {
		n := len(chosen)
		for _, b := range all {
			if b.Name() == dashboard.NameOf(w) {
				chosen = append(chosen, b)
			}
		}
		if len(chosen) > n {
			continue
		}
		source, err := os.ReadFile(w)
		if err != nil {
			return nil, fault.Misuse(fmt.Errorf("there is no dashboard %q%s", w, inventory.Suggest(w, names)), "monctl dashboard list lists them; a path names a file.")
		}
		d, err := dashboard.Read(w, source)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, desired.Board{Dashboard: d, From: "file"})
	}
	return chosen, nil
}

// firstGrafana is the one that dashboards are bound to; its bindings are those of the others, too.
func firstGrafana(stack *desired.Stack) desired.Instance {
	for _, i := range stack.Of("grafana") {
		return i
	}
	return desired.Instance{}
}
