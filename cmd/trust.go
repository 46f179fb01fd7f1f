package cmd

import (
	"context"
	"fmt"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/ssh"
	"github.com/spf13/cobra"
)

func newTrust(g *globals) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "trust HOST…",
		Short: "Show the SSH host keys of hosts, and record them as known",
		Long: `Fetches the key that each host shows, prints its fingerprint, and after a yes records it in
known_hosts. Compare the fingerprint with the host's own first:
  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub     (on the host's console)
A key that changed is never accepted here.`,
		Example:           "  monctl trust vm2 vm3\n  monctl trust ubuntu@10.0.0.11",
		Args:              someArgs("the name or address of a host"),
		ValidArgsFunction: g.completeHosts,
		RunE:              func(c *cobra.Command, args []string) error { return runTrust(c.Context(), g, yes, args) },
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask: the fingerprints were compared")
	return c
}

func runTrust(ctx context.Context, g *globals, yes bool, args []string) error {
	hosts, err := g.sshHosts(args)
	if err != nil {
		return err
	}
	keys, failed := g.fetchKeys(ctx, hosts)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	shown := make([]ui.HostKey, 0, len(keys))
	unknown := 0
	for _, k := range keys {
		if !k.Known {
			unknown++
		}
		shown = append(shown, ui.HostKey{Host: k.host, Name: k.Name, Type: k.Type, Fingerprint: k.Fingerprint, Known: k.Known, File: k.File})
	}
	g.ui.HostKeys(shown)
	g.ui.Errors(failed)
	if unknown > 0 {
		if err := g.confirm(ctx, yes, "Are these the right keys? Record those that are new?", nil); err != nil {
			return err
		}
	}
	for _, k := range keys {
		if err := ssh.Trust(k.HostKey, g.sshOptions()); err != nil {
			return err
		}
	}
	g.summary(map[string]any{"hosts": len(hosts), "failed": len(failed), "recorded": unknown})
	return code(codeOfHosts(len(hosts), failed))
}

// shownKey is the key that a host shows.
type shownKey struct {
	ssh.HostKey
	host string
}

// fetchKeys asks all hosts at once for their keys.
func (g *globals) fetchKeys(ctx context.Context, hosts []fleet.Host) (keys []shownKey, failed []ui.HostError) {
	found := make([]ssh.HostKey, len(hosts))
	errs := fleet.Each(ctx, g.parallel, numbers(len(hosts)), func(ctx context.Context, n int) (err error) {
		found[n], err = ssh.FetchHostKey(ctx, hosts[n], g.sshOptions())
		return err
	})
	for i, h := range hosts {
		if errs[i] != nil {
			failed = append(failed, ui.HostError{Host: h.Name, Address: h.Address, Err: fmt.Errorf("%s: %w", h.Name, errs[i])})
			continue
		}
		keys = append(keys, shownKey{found[i], h.Name})
	}
	return keys, failed
}

// numbers lists 0 to n-1, to work on the items of a slice in place.
func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// sshHosts gives the hosts that words name: hosts of the inventory by name or address, others as targets.
func (g *globals) sshHosts(words []string) ([]fleet.Host, error) {
	inv, err := g.inventoryIfAny()
	if err != nil {
		return nil, err
	}
	var hosts []fleet.Host
	var targets []string
	for _, w := range words {
		if h, ok := lookup(inv, w); ok {
			hosts = append(hosts, h)
		} else {
			targets = append(targets, w)
		}
	}
	if len(targets) > 0 {
		adHoc, err := inventory.AdHoc(targets, nil)
		if err != nil {
			return nil, err
		}
		for _, h := range adHoc.Hosts {
			hosts = append(hosts, h.Host)
		}
	}
	return hosts, nil
}

func lookup(inv *inventory.Inventory, word string) (fleet.Host, bool) {
	if inv == nil {
		return fleet.Host{}, false
	}
	for _, h := range inv.Hosts {
		if h.Name == word || h.Address == word {
			return h.Host, true
		}
	}
	return fleet.Host{}, false
}
