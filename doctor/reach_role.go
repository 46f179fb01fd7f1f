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

//go:embed reach_told.sh
var reachScript string

// reachCheck is the check whose probe reads the files of components.
const reachCheck = "reach/receivers"

// The limits of trying links. sshd looks a name up before it does anything else for a connection, so names wait for
// each other; addresses do not.
const (
	linksWithin     = 8 * time.Second // of one host
	addressesAtOnce = 128
	namesAtOnce     = 4
)

// reachRole tries the links of one role. What it finds is the consequence of whatever check of the same matter names a
// cause at either end.
func reachRole(id, title string, role LinkRole, after []string) Check {
	return Check{
		ID: id, Title: title, After: after, Reads: []string{reachCheck},
		Ask: func(ctx context.Context, q *Questions) { askLinks(ctx, q, role) }, Judge: func(f Fleet) []Finding { return judgeLinks(f, role) },
		Doc: Doc{
			Symptom:  symptoms[role],
			Cause:    "Nothing listens at the address, a firewall rejects or drops, the name is not found, or the address is wrong.",
			Evidence: "A TCP connection from the host of the one to the address of the other, over the SSH connection, for every address that the component's own API or files name, or the inventory. Refused and dropped are told apart; a component with a network of its own, or behind a proxy, is unknown.",
			Fix:      "Start what should listen there, let it listen on an address that others reach, or open the port for this source only.",
			Risk:     "Low; an open port is reachable by whoever the firewall lets in.",
			Source:   "RFC 9293 3.10.7.1 (a closed port answers with a reset); RFC 4254 7.2 (direct-tcpip)",
		},
	}
}

var symptoms = map[LinkRole]string{
	LinkScrape: "A target is down: `connect: connection refused`, `context deadline exceeded`, `no such host`.",
	LinkAlerts: "`Error sending alerts`; alerts fire and Alertmanager never shows them.",
	LinkQuery:  "A panel says `Bad Gateway` or `dial tcp … connection refused`.",
	LinkPush:   "`error sending batch, will retry` in the agent's log; no new lines in Loki.",
	LinkNotify: "`Notify for alerts failed … i/o timeout` in Alertmanager's log; nobody is told.",
}

func askLinks(ctx context.Context, q *Questions, role LinkRole) {
	ctx, cancel := context.WithTimeout(ctx, linksWithin)
	defer cancel()
	var addresses, names []string
	for _, l := range answered(ctx, q, role).links() {
		switch {
		case l.Role != role || l.Unknown == hasOwnNetwork:
		case isAddress(l.To):
			addresses = append(addresses, l.To)
		default:
			names = append(names, l.To)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() { dialAll(ctx, q, addresses, addressesAtOnce) })
	wg.Go(func() { dialAll(ctx, q, names, namesAtOnce) })
	wg.Wait()
}

// answered is the host with the answers that links are made of. Others write answers at the same time, so these are a copy.
func answered(ctx context.Context, q *Questions, role LinkRole) Host {
	h := q.Host()
	h.Components = slices.Clone(h.Components)
	for i := range h.Components {
		c := &h.Components[i]
		own := map[string]Reply{}
		for _, path := range asksOf[role] {
			if c.Kind != "prometheus" || c.Base == "" {
				break
			}
			own[path] = q.Get(ctx, *c, path)
		}
		c.Replies = own
	}
	return h
}

// asksOf are the questions to a Prometheus that tell its links.
var asksOf = map[LinkRole][]string{LinkScrape: {askTargets, askConfig}, LinkAlerts: {askAlertmanagers}}

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

func judgeLinks(f Fleet, role LinkRole) []Finding {
	var all []Finding
	for _, l := range f.Links() {
		if l.Role != role || !l.Broken() {
			continue
		}
		found := Finding{
			Host: l.From, Component: l.Component, Level: Warn, Tag: l.To, About: l.To,
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
