package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/installer/dashboard/site"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release/web"
	"github.com/spf13/cobra"
)

type dashboardAddOptions struct {
	revision  int
	name, uid string
}

func newDashboardAdd(g *globals) *cobra.Command {
	var o dashboardAddOptions
	c := &cobra.Command{
		Use:   "add NUMBER|FILE",
		Short: "Keep a dashboard of grafana.com, or of a file, beside the inventory",
		Long: `Fetches a dashboard by its number on grafana.com (--mirror and mirror: name another place),
or reads a file, and makes it bind to the datasources of this stack: placeholders
(__inputs, ${DS_…}) and other Grafanas' uids become those of the inventory. What needs a datasource that
the stack does not have is taken out and named; panels that Grafana has no more are named.
The result is dashboards/NAME.json: install provisions it. Added again, it is replaced.`,
		Example: `  monctl dashboard add 1860
  monctl dashboard add 1860 --revision 45
  monctl dashboard add ~/Downloads/corea.json --name corea`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return fault.Misuse(errors.New("want one number or file"), "For example:\n%s", c.Example)
		},
		RunE: func(c *cobra.Command, args []string) error { return runDashboardAdd(c.Context(), g, o, args[0]) },
	}
	c.Flags().SortFlags = false
	c.Flags().IntVar(&o.revision, "revision", 0, "`N`th revision instead of the newest")
	c.Flags().StringVar(&o.name, "name", "", "`NAME` of the file (default: from the title)")
	c.Flags().StringVar(&o.uid, "uid", "", "`UID` in place of the dashboard's own")
	return c
}

func runDashboardAdd(ctx context.Context, g *globals, o dashboardAddOptions, what string) error {
	stack, err := g.load("")
	if err != nil {
		return err
	}
	from, err := g.dashboardSource(ctx, stack, o, what)
	if err != nil {
		return err
	}
	d, err := dashboard.Read(what, from.Source)
	if err != nil {
		return err
	}
	if len(stack.Of("grafana")) == 0 {
		g.ui.Say("%s has no grafana yet: no host will show it", stack.Inventory.Name)
	}
	bound, notes, err := d.Bind(stack.Bindings(firstGrafana(stack)))
	if err != nil {
		return err
	}
	if len(bound.Panels) == 0 {
		g.ui.DashboardNotes(notes)
		return fault.Misuse(fmt.Errorf("%s: nothing of it is left: it asks datasources that this stack does not have", what), "")
	}
	name := o.name
	if name == "" {
		name = slug(bound.Title)
	}
	if !dashboardName.MatchString(name) {
		return fault.Misuse(fmt.Errorf("%q is no name for a file: want lower-case letters, digits and dashes", name), "Give one with --name.")
	}
	uid := firstOf(o.uid, bound.UID, name)
	if bound, err = bound.Set(uid[:min(len(uid), 40)], from.ID, from.Revision); err != nil {
		return err
	}
	return g.keepDashboard(stack, bound, name, ui.DashboardAdded{Notes: notes, License: from.License})
}

// dashboardSource fetches by number or reads a file.
func (g *globals) dashboardSource(ctx context.Context, stack *desired.Stack, o dashboardAddOptions, what string) (site.Download, error) {
	id, err := strconv.Atoi(what)
	if err != nil {
		if o.revision != 0 {
			return site.Download{}, fault.Misuse(errors.New("--revision belongs to a number of grafana.com"), "")
		}
		info, err := os.Stat(what)
		switch {
		case err != nil:
			return site.Download{}, fault.Misuse(err, "Give the number of a dashboard on grafana.com, or a file.")
		case info.IsDir():
			return site.Download{}, fault.Misuse(fmt.Errorf("%s is a folder", what), "Name one of its files.")
		case info.Size() > dashboard.Largest:
			return site.Download{}, fault.Misuse(fmt.Errorf("%s: it is larger than %d MB", what, dashboard.Largest>>20), "")
		}
		source, err := os.ReadFile(what)
		return site.Download{Source: source}, fault.Misuse(err, "")
	}
	if id < 1 || o.revision < 0 {
		return site.Download{}, fault.Misuse(errors.New("numbers of dashboards and revisions begin with 1"), "")
	}
	mirror, err := g.mirrors(stack.Inventory)
	if err != nil {
		return site.Download{}, err
	}
	return site.Site{Web: web.New(), Mirror: mirror}.Fetch(ctx, id, o.revision)
}

// keepDashboard writes the file, in place of an earlier one of the same dashboard.
func (g *globals) keepDashboard(stack *desired.Stack, d *dashboard.Dashboard, name string, said ui.DashboardAdded) error {
	folder := dashboardFolder(stack.Inventory)
	for _, other := range stack.Project() {
		same := other.UID == d.UID || d.GnetID > 0 && other.GnetID == d.GnetID
		if same {
			name, said.Before = other.Name(), other
		} else if other.Name() == name {
			return fault.Misuse(fmt.Errorf("%s is another dashboard (%s)", other.File, other.Title), "Give this one another --name, or remove the other.")
		}
	}
	d.File = desired.ProjectFolder + "/" + name + ".json"
	if err := stack.BringOne(d); err != nil {
		return err
	}
	text, err := d.JSON()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(folder, name+".json"), text); err != nil {
		return err
	}
	said.Dashboard = d
	g.ui.DashboardAdded(said)
	return nil
}

// replaceFile writes a file whole, or leaves the old one.
func replaceFile(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".dashboard-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

var (
	dashboardName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,79}$`)
	notInName     = regexp.MustCompile(`[^a-z0-9]+`)
)

// slug makes a file's name of a title.
func slug(title string) string {
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(title), "-"), "-")
	return strings.TrimRight(name[:min(len(name), 60)], "-")
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
