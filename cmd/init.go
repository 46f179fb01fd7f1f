package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/facts"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer"
	"github.com/spf13/cobra"
)

func newInit(g *globals) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "init [USER@]HOST[:PORT]…",
		Short: "Look at hosts and write a commented monctl.yaml",
		Long: `Connects to the hosts, shows what they are, and writes an inventory to start from: the first
host gets Prometheus, Grafana and Alertmanager, all get node_exporter. A user carries on to
the hosts after it. Nothing is changed on the hosts, and no file is overwritten.`,
		Example: `  monctl init ubuntu@10.0.0.11 10.0.0.12 10.0.0.13
  monctl init localhost
  monctl init -f staging.yaml root@staging-1:2222`,
		Args: someArgs("a host"),
		RunE: func(c *cobra.Command, args []string) error { return runInit(c.Context(), g, force, args) },
	}
	c.Flags().BoolVar(&force, "force", false, "overwrite an inventory that is there")
	return c
}

func runInit(ctx context.Context, g *globals, force bool, args []string) error {
	if _, err := os.Lstat(g.file); err == nil && !force {
		return fault.Refuse(fmt.Errorf("%s is there already", g.file), "Give --force to overwrite it, or -f another name.")
	}
	inv, err := inventory.AdHoc(args, nil)
	if err != nil {
		return err
	}
	found := g.probe(ctx, inv)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	hosts := named(inv, found)
	if err := write(g.file, inventory.Render(hosts, layout(hosts)), force); err != nil {
		return err
	}
	g.ui.Probed(found, g.file)
	var failed []ui.HostError
	for _, p := range found {
		if p.Err != nil {
			failed = append(failed, ui.HostError{Host: p.Host, Address: p.Address, Err: p.Err})
		}
	}
	g.ui.Errors(failed)
	g.ui.Say("\nwritten: %s. Look through it, then: monctl plan", g.file)
	g.summary(map[string]any{"hosts": len(found), "failed": len(failed), "file": g.file})
	return code(codeOfHosts(len(found), failed))
}

// probe connects to all hosts and asks what they are.
func (g *globals) probe(ctx context.Context, inv *inventory.Inventory) []*ui.Probe {
	progress := g.ui.LookProgress(len(inv.Hosts))
	defer progress.Close()
	found := make([]*ui.Probe, len(inv.Hosts))
	for i, h := range inv.Hosts {
		found[i] = &ui.Probe{Host: h.Name, Address: h.Address}
	}
	index := map[string]*ui.Probe{}
	for _, p := range found {
		index[p.Host] = p
	}
	fleet.Each(ctx, g.parallel, inv.Hosts, func(ctx context.Context, h inventory.Host) error {
		p := index[h.Name]
		progress.Report(installer.Event{Host: h.Name, Doing: "connect"})
		defer progress.Report(installer.Event{Host: h.Name, Doing: "look"})
		p.Facts, p.Err = g.factsOf(ctx, h.Host)
		return nil
	})
	return found
}

func (g *globals) factsOf(ctx context.Context, h fleet.Host) (facts.Facts, error) {
	conn, err := g.dial(ctx, h)
	if err != nil {
		return facts.Facts{}, fmt.Errorf("%s: %w", h.Name, err)
	}
	defer conn.Close()
	f, err := facts.Gather(ctx, conn, facts.Options{})
	if err != nil {
		return f, fmt.Errorf("%s: %w", h.Name, err)
	}
	return f, nil
}

// named gives every host the first word of its own host name, where that is free, and the name of its address elsewhere.
func named(inv *inventory.Inventory, found []*ui.Probe) []inventory.Probed {
	count := map[string]int{}
	for _, p := range found {
		count[shortName(p.Facts)]++
	}
	var hosts []inventory.Probed
	for i, h := range inv.Hosts {
		p := found[i]
		host, note := h.Host, ""
		if name := shortName(p.Facts); name != "" && name != "localhost" && name != "all" && count[name] == 1 && !taken(inv, i, name) {
			host.Name = name
		}
		if note = p.Facts.Line(); p.Err != nil {
			note = "could not be reached: " + firstLine(errors.Unwrap(p.Err))
		}
		p.Name = host.Name
		hosts = append(hosts, inventory.Probed{Host: host, Note: note})
	}
	return hosts
}

func shortName(f facts.Facts) string {
	name, _, _ := strings.Cut(f.Hostname, ".")
	return name
}

// taken says whether another host is already called so, by its address.
func taken(inv *inventory.Inventory, except int, name string) bool {
	return slices.ContainsFunc(inv.Hosts, func(h inventory.Host) bool { return h.Name == name && h.Name != inv.Hosts[except].Name })
}

func firstLine(err error) string {
	if err == nil {
		return ""
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// layout is what the hosts start with.
func layout(hosts []inventory.Probed) []inventory.Assignment {
	var all []string
	for _, h := range hosts {
		all = append(all, h.Host.Name)
	}
	return []inventory.Assignment{
		{Component: "prometheus", Hosts: all[:1]},
		{Component: "grafana", Hosts: all[:1]},
		{Component: "alertmanager", Hosts: all[:1]},
		{Component: "node_exporter", Hosts: all},
	}
}

// write creates the file, and replaces one only with force.
func write(path string, text []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return fault.With(fmt.Errorf("write inventory: %w", err), "Name another file with -f.")
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
