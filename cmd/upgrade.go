package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/templates"
	"github.com/spf13/cobra"
)

type upgradeOptions struct {
	yes, allowDowngrade bool
	to                  string // the component that takes the place of the one named
}

func newUpgrade(g *globals) *cobra.Command {
	var o upgradeOptions
	c := &cobra.Command{
		Use:   "upgrade [COMPONENT[@VERSION]… | HOST/COMPONENT --to NAME]",
		Short: "Change to newer releases: one host first, then the rest",
		Long: `Chooses releases anew, for the components named or for all, and installs them: first on
one host of each component, and on the others only when that one is proven. A release that
does not prove itself is rolled back, and the lock file keeps the old one.

With --to, another component takes the place of one on a host: prometheus that of the
bundled monitor, or the monitor that of prometheus. Both keep their samples in the same
format: the new one is made ready, the old one stops, its data folder is renamed, the new
one starts and must have every sample of the old one. If not, all goes back.`,
		Example: `  monctl upgrade
  monctl upgrade node_exporter
  monctl upgrade prometheus@3.13.2 --yes
  monctl upgrade vm1/monitor --to prometheus
  monctl upgrade vm1/prometheus --to monitor`,
		ValidArgsFunction: g.completeComponents,
		RunE: func(c *cobra.Command, args []string) error {
			if o.to != "" {
				return runUpgradeTo(c.Context(), g, o, args)
			}
			return runUpgrade(c.Context(), g, o, args)
		},
	}
	c.Flags().StringVar(&o.to, "to", "", "let `NAME[@VERSION]` take the place of HOST/COMPONENT, with its samples")
	c.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&o.allowDowngrade, "allow-downgrade", false, "accept a version older than the installed one")
	return c
}

func runUpgrade(ctx context.Context, g *globals, o upgradeOptions, args []string) error {
	opts, wanted, err := g.upgradeTarget(args)
	if err != nil {
		return err
	}
	run, err := g.prepare(ctx, opts, true)
	if err != nil {
		return err
	}
	defer run.Close()
	steps, err := versionSteps(ctx, run, opts.Parallel)
	if err != nil {
		return err
	}
	g.ui.Steps(steps)
	if err := refuseDowngrade(steps, o.allowDowngrade); err != nil {
		return err
	}
	for _, hint := range fixedInFile(opts.Stack, wanted) {
		g.ui.Note("%s", hint)
	}
	if err := g.propose(ctx, run, opts.Parallel); err != nil {
		return err
	}
	if run.Changes() {
		if err := g.confirm(ctx, o.yes, question(run), g.details(ctx, run, opts.Parallel)); err != nil {
			return err
		}
	}
	return g.apply(ctx, run)
}

// upgradeTarget gives the options of an upgrade and the versions asked for.
func (g *globals) upgradeTarget(args []string) (o installer.Options, wanted map[string]string, err error) {
	stack, err := g.load("")
	if err != nil {
		return o, nil, err
	}
	if wanted, err = wantedVersions(stack, args); err != nil {
		return o, nil, err
	}
	if o, err = g.options(stack, nil); err != nil {
		return o, nil, err
	}
	fresh, err := g.releases(stack.Inventory, true)
	o.Releases = upgrading{Releases: o.Releases, fresh: fresh, wanted: wanted}
	o.Canary = true
	return o, wanted, err
}

// wantedVersions maps the components to upgrade to the version asked for, "" for the inventory's word.
func wantedVersions(stack *desired.Stack, args []string) (map[string]string, error) {
	var names []string
	wanted := map[string]string{}
	for _, c := range stack.Components() {
		names = append(names, c.Name)
		if len(args) == 0 {
			wanted[c.Name] = ""
		}
	}
	for _, word := range args {
		name, version, at := strings.Cut(word, "@")
		switch {
		case !slices.Contains(names, name):
			return nil, fault.Misuse(fmt.Errorf("no host of %s runs %q%s", stack.Inventory.Name, name, inventory.Suggest(name, names)), "See monctl status for what runs where.")
		case at && version == "":
			return nil, fault.Misuse(fmt.Errorf("%q: no version after the @", word), "")
		}
		wanted[name] = version
	}
	return wanted, nil
}

// upgrading chooses some components anew and leaves the others to the lock file.
type upgrading struct {
	installer.Releases
	fresh  installer.Releases
	wanted map[string]string
}

// Resolve implements installer.Releases.
func (u upgrading) Resolve(ctx context.Context, c *templates.Component, want string, archs []templates.Arch) (release.Release, error) {
	version, named := u.wanted[c.Name]
	if !named {
		return u.Releases.Resolve(ctx, c, want, archs)
	}
	if version != "" {
		want = version
	}
	return u.fresh.Resolve(ctx, c, want, archs)
}

// versionSteps compares what every host has, by its own manifest, with what it would get.
func versionSteps(ctx context.Context, run *installer.Run, parallel int) ([]ui.Step, error) {
	contents, err := contentsOf(ctx, run, parallel)
	if err != nil {
		return nil, err
	}
	var steps []ui.Step
	for _, i := range run.Stack.Instances {
		text, changes := contents[i.Host.Name][desired.ManifestPath(i.Component.Name)]
		var m desired.Manifest
		if !changes || json.Unmarshal([]byte(text), &m) != nil || m.Version == i.Release.Version || m.Version == "" {
			continue
		}
		steps = append(steps, ui.Step{Host: i.Host.Name, Component: i.Component.Name, From: m.Version, To: i.Release.Version})
	}
	return steps, nil
}

func refuseDowngrade(steps []ui.Step, allowed bool) error {
	for _, s := range steps {
		if templates.CompareVersions(s.To, s.From) < 0 && !allowed {
			return fault.Refuse(fmt.Errorf("%s: %s %s is older than the installed %s", s.Host, s.Component, s.To, s.From),
				"Nothing was changed. An older release may not read the newer one's data. Give --allow-downgrade, or name a newer version: %s@VERSION.", s.Component)
		}
	}
	return nil
}

// fixedInFile warns where the inventory's own version would undo this run, or keeps it from doing anything.
func fixedInFile(stack *desired.Stack, wanted map[string]string) []string {
	var hints []string
	for _, c := range stack.Components() {
		given := stack.Version(c.Name)
		version, named := wanted[c.Name]
		if !named || !templates.ValidVersion(given) || version == given {
			continue
		}
		hint := fmt.Sprintf("note: %s fixes %s to %s", stack.Inventory.Name, c.Name, given)
		if version != "" {
			hint += fmt.Sprintf("; change it to %s, or the next install goes back", version)
		}
		hints = append(hints, hint)
	}
	return hints
}
