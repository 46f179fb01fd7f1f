package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release/lock"
	"github.com/spf13/cobra"
)

func newStatus(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "status [HOST…]",
		Short: "Show what runs where, and whether it is well",
		Long: `Asks every host what monctl installed there and how it is: version, unit, readiness, and
how many targets Prometheus has up. What the inventory lists and is not there, what is
there and not listed, and what differs from the lock file is said. Nothing is changed.`,
		Example: `  monctl status
  monctl status vm1
  monctl status --json | jq -r 'select(.type == "problem") | .message'`,
		ValidArgsFunction: g.completeHosts,
		RunE:              func(c *cobra.Command, args []string) error { return runStatus(c.Context(), g, args) },
	}
}

func runStatus(ctx context.Context, g *globals, args []string) error {
	stack, only, err := g.hostsOrFile(args)
	if err != nil {
		return err
	}
	o, err := g.options(stack, only)
	if err != nil {
		return err
	}
	locked := lock.File{}
	if isFile(stack.Inventory) {
		if locked, err = lock.Read(g.lockFile(stack.Inventory)); err != nil {
			return err
		}
	}
	hosts := g.ask(o, func() []installer.HostStatus { return installer.Status(ctx, o) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, h := range hosts {
		var manifests []desired.Manifest
		for _, c := range h.Components {
			manifests = append(manifests, c.Manifest)
		}
		if stack, _, err = installer.InPlace(stack, h.Host, manifests); err != nil {
			return err
		}
	}
	problems := judge(stack, locked, hosts)
	g.ui.Status(stack, hosts, problems)
	var failed []ui.HostError
	for _, h := range hosts {
		if h.Err != nil {
			failed = append(failed, ui.HostError{Host: h.Host, Address: addressOf(stack, h.Host), Err: h.Err})
		}
	}
	g.ui.Errors(failed)
	g.summary(map[string]any{"hosts": len(hosts), "failed": len(failed), "problems": len(problems)})
	switch {
	case len(failed) > 0:
		return code(codeOfHosts(len(hosts), failed))
	case len(problems) > 0:
		return code(exitChanges)
	}
	return nil
}

// ask shows how far a look at hosts is.
func (g *globals) ask(o installer.Options, do func() []installer.HostStatus) []installer.HostStatus {
	hosts := len(o.Only)
	if hosts == 0 {
		hosts = len(o.Stack.Inventory.Hosts)
	}
	progress := g.ui.LookProgress(hosts)
	defer progress.Close()
	defer g.events.listen(progress.Report)()
	return do()
}

// judge finds what is not well, in the order of hosts. It is pure.
func judge(stack *desired.Stack, locked lock.File, hosts []installer.HostStatus) []ui.Problem {
	var problems []ui.Problem
	for _, h := range hosts {
		if h.Err != nil {
			continue
		}
		if h.Unfinished != "" {
			problems = append(problems, ui.Problem{
				Host: h.Host, What: "a run was interrupted here",
				Remedy: fmt.Sprintf("monctl install %s finishes it; monctl rollback %s takes it back", h.Host, h.Host),
			})
		}
		installed := map[string]bool{}
		for _, c := range h.Components {
			installed[c.Component] = true
			problems = append(problems, judgeComponent(stack, locked, h.Host, c)...)
		}
		for _, i := range stack.On(h.Host) {
			if name := i.Component.Name; !installed[name] {
				problems = append(problems, ui.Problem{Host: h.Host, Component: name, What: "is in " + stack.Inventory.Name + ", but not installed", Remedy: "monctl install " + h.Host})
			}
		}
	}
	return problems
}

func judgeComponent(stack *desired.Stack, locked lock.File, host string, c installer.ComponentStatus) []ui.Problem {
	var problems []ui.Problem
	add := func(remedy, what string, args ...any) {
		problems = append(problems, ui.Problem{Host: host, Component: c.Component, What: fmt.Sprintf(what, args...), Remedy: remedy})
	}
	if !c.Listed && len(stack.Instances) > 0 {
		add("monctl uninstall "+c.Component+" --host "+host+", or list it", "is installed, but not in %s", stack.Inventory.Name)
	}
	if want := locked.Components[c.Component].Version; c.Listed && want != "" && want != c.Version {
		add("monctl install "+host, "has version %s, %s says %s", c.Version, lock.Name, want)
	}
	if c.Ready != nil {
		add("journalctl -u "+c.Unit+" on "+host, "%s: %s", c.State, plainCause(c.Ready))
	}
	if !c.Enabled && c.State != "not installed" {
		add("monctl install "+host, "does not start at boot")
	}
	for _, t := range c.TargetsDown {
		add("", "target down: %s", t)
	}
	return problems
}

// plainCause leaves out the address that the state already names.
func plainCause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
