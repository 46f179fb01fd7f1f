package cmd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/installer/desired"
	"github.com/spf13/cobra"
)

func newDashboard(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "dashboard",
		Short: "Bring Grafana dashboards from grafana.com or a file, and check their queries",
		Long: `Components bring dashboards of their own. More of them are files in the folder dashboards/
beside the inventory; install gives them to Grafana.`,
		Example: `  monctl dashboard add 1860 --revision 45
  monctl dashboard add ./corea.json
  monctl dashboard list
  monctl dashboard check`,
		Args: unknownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newDashboardAdd(g), newDashboardList(g), newDashboardRemove(g), newDashboardCheck(g))
	return c
}

// dashboardFolder is where the dashboards of a project are.
func dashboardFolder(inv *inventory.Inventory) string {
	return filepath.Join(inv.Dir, desired.ProjectFolder)
}

// projectDashboards reads the files of the project's folder: name to content. Hosts of the command line have none.
func projectDashboards(inv *inventory.Inventory) (map[string][]byte, error) {
	if !isFile(inv) {
		return nil, nil
	}
	names, err := filepath.Glob(filepath.Join(dashboardFolder(inv), "*.json"))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if info.Size() > dashboard.Largest { // it is refused by its size, not read
			files[filepath.Base(name)] = make([]byte, dashboard.Largest+1)
			continue
		}
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			return nil, fault.Misuse(err, "It is a dashboard of the project: a readable file, or none.")
		}
	}
	return files, nil
}

// inventoryOrMake explains a missing inventory: the folder of dashboards is beside it.
func (g *globals) inventoryOrMake() (*inventory.Inventory, error) {
	inv, err := inventory.Load(g.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Misuse(err, "Dashboards are kept beside the inventory: make one with monctl init, or name another with -f FILE.")
	}
	return inv, err
}
