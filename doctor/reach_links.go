package doctor

import (
	"context"
	_ "embed" // the probe
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"
)

//go:embed reach_links.sh
var reachScript string

// reachCheck is the check that tries all links.
const reachCheck = "reach/links"

// The limits of trying links. sshd looks a name up before it does anything else for a connection, so names wait for
// each other; addresses do not.
const (
	linksWithin     = 8 * time.Second // of one host
	addressesAtOnce = 128
	namesAtOnce     = 4
)

// reachLinks tries everything that must reach something else. What it finds is the consequence of whatever check can
// name a cause at either end; the others are causes.
func reachLinks(others []Check) Check {
	var after []string
	for _, c := range others {
		after = append(after, c.ID)
	}
	return Check{
		ID: reachCheck, Title: "whoever must talk to another gets a connection", After: after,
		Probe: reachScript, Limit: 5, Ask: askLinks, Judge: judgeLinks,
		Doc: Doc{
			Symptom:  "`connection refused`, `context deadline exceeded`, `no such host` somewhere in the stack; a panel says `Bad Gateway`.",
			Cause:    "Nothing listens at the address, a firewall rejects or drops, the name is not found, or the address is wrong.",
			Evidence: "A TCP connection from the host of the one to the address of the other, over the SSH connection, for every target, Alertmanager, datasource, Loki and receiver that the components' own APIs and files name. Refused and dropped are told apart; a component with a network of its own is unknown.",
			Fix:      "Start what should listen there, let it listen on an address that others reach, or open the port for this source only.",
			Risk:     "Low; an open port is reachable by whoever the firewall lets in.",
			Source:   "RFC 9293 3.10.7.1 (a closed port answers with a reset); RFC 4254 7.2 (direct-tcpip)",
		},
	}
}

func askLinks(ctx context.Context, q *Questions) {
	ctx, cancel := context.WithTimeout(ctx, linksWithin)
	defer cancel()
	var addresses, names []string
	for _, l := range answered(ctx, q).links() {
		if l.Unknown == hasOwnNetwork {
			continue
		}
		if isAddress(l.To) {
			addresses = append(addresses, l.To)
		} else {
			names = append(names, l.To)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() { dialAll(ctx, q, addresses, addressesAtOnce) })
	wg.Go(func() { dialAll(ctx, q, names, namesAtOnce) })
	wg.Wait()
}

// answered is the host with the answers that links are made of. Others write answers at the same time, so these are a copy.
func answered(ctx context.Context, q *Questions) Host {
	h := q.Host()
	h.Components = slices.Clone(h.Components)
	for i := range h.Components {
		c := &h.Components[i]
		if c.Kind != "prometheus" || c.Base == "" {
			continue
		}
		own := map[string]Reply{}
		for _, path := range []string{askTargets, askConfig, askAlertmanagers} {
			own[path] = q.Get(ctx, *c, path)
		}
		c.Replies = own
	}
	return h
}

// dialAll tries addresses, some at once, until the time is over.
func dialAll(ctx context.Context, q *Questions, to []string, atOnce int) {
	slices.Sort(to)
	gate := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for _, address := range slices.Compact(to) {
		select {
		case gate <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-gate }()
			q.Dial(ctx, address)
		})
	}
	wg.Wait()
}

func isAddress(to string) bool {
	host, _, err := net.SplitHostPort(to)
	_, notAddress := netip.ParseAddr(host)
	return err == nil && notAddress == nil
}

func pidOf(c Component) string { return strconv.Itoa(c.Process.PID) }

func judgeLinks(f Fleet) []Finding {
	var all []Finding
	for _, l := range f.Links() {
		if !l.Broken() {
			continue
		}
		found := Finding{
			Host: l.From, Component: l.Component, Level: Warn, Tag: string(l.Role) + " " + l.To,
			Title:    l.Component + " cannot reach " + l.what() + ": " + string(l.State()),
			Evidence: []Evidence{Says("connection from "+l.From+" to "+l.To, l.Reached.Err), Number("after", l.Reached.Took.Seconds(), "s")},
			Cause:    causeOf[l.State()],
			Fix:      "see what listens at " + l.To + " and what filters between " + l.From + " and it",
		}
		if l.Host != "" && l.Host != l.From {
			found.Concerns = []string{l.Host}
		}
		all = append(all, found)
	}
	return all
}

// what names the other end: "node_exporter at 10.0.0.2:9100".
func (l Link) what() string {
	if l.Name == "" {
		return l.To
	}
	return l.Name + " at " + l.To
}

var causeOf = map[LinkState]string{
	LinkRefused: "Nothing listens there, or a firewall rejects.",
	LinkDropped: "A firewall drops, or the other host is gone: no answer came at all.",
	LinkNoRoute: "There is no way to that address, or a firewall rejects.",
	LinkNoName:  "The name is not found by the host that asks.",
}
