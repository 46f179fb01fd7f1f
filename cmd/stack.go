package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/ssh"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/installer/release/cache"
	"github.com/monctl/monctl/installer/release/lock"
	"github.com/monctl/monctl/installer/release/web"
	"github.com/monctl/monctl/templates"
)

// load reads the inventory, its catalogue and what it asks for. instead says how the command does without an inventory.
func (g *globals) load(instead string) (*desired.Stack, error) {
	inv, err := inventory.Load(g.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Misuse(fmt.Errorf("there is no inventory %s here", g.file),
			"Make one with monctl init [user@]host…, or name another with -f FILE%s.", instead)
	}
	if err != nil {
		return nil, err
	}
	return g.stackOf(inv)
}

func (g *globals) stackOf(inv *inventory.Inventory) (*desired.Stack, error) {
	if g.fetch != "" {
		inv.Fetch = inventory.Fetch(g.fetch)
	}
	if g.fallback != "" {
		inv.Fallback = inventory.Fallback(g.fallback)
	}
	catalog, err := g.catalog(inv)
	if err != nil {
		return nil, err
	}
	if err := g.resolveAliases(inv); err != nil {
		return nil, err
	}
	stack, err := desired.StackOf(inv, catalog)
	if err != nil {
		return nil, err
	}
	project, err := projectDashboards(inv)
	if err != nil {
		return nil, err
	}
	return stack, stack.Bring(project)
}

// resolveAliases gives hosts whose address is an alias of ssh_config the name behind it as their scrape address: the
// other hosts do not know the alias.
func (g *globals) resolveAliases(inv *inventory.Inventory) error {
	for n := range inv.Hosts {
		h := &inv.Hosts[n]
		if h.Local || h.ScrapeAddress != "" {
			continue
		}
		name, err := ssh.HostName(h.Host, g.sshOptions())
		if err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		if name != h.Address {
			h.ScrapeAddress = name
		}
	}
	return nil
}

func (g *globals) catalog(inv *inventory.Inventory) (templates.Catalog, error) {
	own := g.catalogDir
	if own == "" && inv != nil {
		own = inv.Catalog
	}
	catalog, err := templates.Load(own)
	return catalog, fault.Misuse(err, "")
}

// hostsOrFile gives the hosts that a command is about: words that name hosts of the inventory select from it; without
// an inventory file, and when all are logins (user@host), which no name of a host is, they are targets themselves.
func (g *globals) hostsOrFile(words []string) (*desired.Stack, []string, error) {
	_, err := os.Stat(g.file)
	logins := !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(w, "@") })
	if (errors.Is(err, fs.ErrNotExist) || logins) && len(words) > 0 && !g.set.Changed("file") {
		inv, err := inventory.AdHoc(words, nil)
		if err != nil {
			return nil, nil, err
		}
		catalog, err := g.catalog(inv)
		return &desired.Stack{Inventory: inv, Catalog: catalog}, nil, err
	}
	stack, err := g.load(", or name the hosts themselves")
	if err != nil {
		return nil, nil, err
	}
	return stack, words, known(stack.Inventory, words)
}

// known refuses a word that is no host of the inventory.
func known(inv *inventory.Inventory, words []string) error {
	var names []string
	for _, h := range inv.Hosts {
		names = append(names, h.Name)
	}
	for _, w := range words {
		if !slices.Contains(names, w) {
			return fault.Misuse(fmt.Errorf("%s has no host %q%s", inv.Name, w, inventory.Suggest(w, names)),
				"Its hosts are: %s.", ui.Names(names))
		}
	}
	return nil
}

// target gives the options for hosts named with their components on the command line, or for those of the inventory.
func (g *globals) target(components, words []string) (installer.Options, error) {
	if len(components) > 0 {
		inv, err := inventory.AdHoc(words, components)
		if err != nil {
			return installer.Options{}, err
		}
		stack, err := g.stackOf(inv)
		if err != nil {
			return installer.Options{}, err
		}
		return g.options(stack, nil)
	}
	return g.chosen(", or give --components and hosts", words)
}

// chosen gives the options for the hosts of the inventory that words name, or for all; instead is what else there is to do
// where there is no inventory.
func (g *globals) chosen(instead string, words []string) (installer.Options, error) {
	stack, err := g.load(instead)
	if err == nil {
		err = known(stack.Inventory, words)
	}
	if err != nil {
		return installer.Options{}, err
	}
	return g.options(stack, words)
}

// options are what the installer needs.
func (g *globals) options(stack *desired.Stack, only []string) (installer.Options, error) {
	parallel := g.parallel
	if parallel == 0 {
		parallel = stack.Inventory.Parallel
	}
	releases, err := g.releases(stack.Inventory, false)
	return installer.Options{
		Stack: stack, Dial: g.dial, Releases: releases, Parallel: parallel, Only: only,
		ID: time.Now().UTC().Format("20060102-150405") + fmt.Sprintf("-%d", os.Getpid()), Holder: who(),
		Prune: isFile(stack.Inventory), LockWait: g.lockWait, ProveFor: g.proveFor, Report: g.events.report,
		Fallback: g.askedFallback(stack.Inventory),
	}, err
}

// askedFallback is the policy of the inventory, where it can be followed: without a terminal, nobody can be asked.
func (g *globals) askedFallback(inv *inventory.Inventory) inventory.Fallback {
	if inv.Fallback == inventory.FallbackAsk && !g.ui.Asks() {
		return inventory.FallbackNever
	}
	return inv.Fallback
}

// releases resolves and fetches releases; upgrade chooses anew where the lock file has a version.
func (g *globals) releases(inv *inventory.Inventory, upgrade bool) (installer.Upstream, error) {
	mirror, err := g.mirrors(inv)
	if err != nil {
		return installer.Upstream{}, err
	}
	var locked lock.File
	if isFile(inv) {
		if locked, err = lock.Read(g.lockFile(inv)); err != nil {
			return installer.Upstream{}, err
		}
	}
	dir, err := g.cacheFolder()
	if err != nil {
		return installer.Upstream{}, err
	}
	programs, err := g.programs()
	if err != nil {
		return installer.Upstream{}, err
	}
	client := web.New()
	store, err := cache.Open(dir, client)
	if err != nil {
		return installer.Upstream{}, err
	}
	return installer.Upstream{
		Resolver: &release.Resolver{Web: client, Mirror: mirror, Lock: locked, TrustUpstream: g.trustUpstream, Upgrade: upgrade},
		Store:    &release.Store{Cache: store},
		Programs: programs,
	}, nil
}

// cacheFolder is where downloads and what is made of them are kept.
func (g *globals) cacheFolder() (string, error) {
	if g.cacheDir != "" {
		return g.cacheDir, nil
	}
	return cache.DefaultDir()
}

func (g *globals) mirrors(inv *inventory.Inventory) (release.Mirror, error) {
	m := release.MirrorAll(g.mirror)
	if g.mirror == "" {
		given := inv.Mirror
		m = release.MirrorAll(given.All)
		for _, p := range []struct {
			to   *string
			from string
		}{{&m.GitHub, given.GitHub}, {&m.Grafana, given.Grafana}, {&m.GrafanaAPI, given.GrafanaAPI}, {&m.Prometheus, given.Prometheus}} {
			if p.from != "" {
				*p.to = p.from
			}
		}
	}
	return m, fault.Misuse(m.Validate(), "Give the address as http://host/folder.")
}

// isFile tells an inventory file from hosts named on the command line, which have no lock file.
func isFile(inv *inventory.Inventory) bool { return inv.Name != "command line" }

// addressOf is a host's address, to see that errors of two hosts are the same.
func addressOf(stack *desired.Stack, host string) string {
	h, _ := stack.Inventory.Host(host)
	return h.Address
}
