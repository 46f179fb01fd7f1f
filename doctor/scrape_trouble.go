package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/monctl/monctl/fleet/facts"
)

// trouble is why a target is down. Every target that is down has exactly one.
type trouble string

const (
	troubleSamples  trouble = "samples" // refused by the TSDB: the family tsdb has it
	troubleLimit    trouble = "limit"
	troubleScheme   trouble = "scheme"
	troubleTLS      trouble = "tls"
	troubleName     trouble = "name"
	troubleAuth     trouble = "auth"
	troublePath     trouble = "path"
	troubleContent  trouble = "content"
	troubleRefused  trouble = "refused"
	troubleBound    trouble = "bound"
	troubleLocal    trouble = "localhost"
	troubleFirewall trouble = "firewall"
	troubleHost     trouble = "host"
	troubleSlow     trouble = "slow"
	troubleOther    trouble = "other"
)

// texts of Prometheus (scrape.go, textparse) and of Go's net, crypto and net/http packages. The first that fits counts.
var troubleTexts = []struct {
	kind  trouble
	texts []string
}{
	{troubleSamples, []string{"out of bounds", "out of order sample", "duplicate sample for timestamp", "too old sample"}},
	{troubleLimit, []string{"limit exceeded", "label_limit", "label_name_length_limit", "label_value_length_limit", "target_limit"}},
	{troubleScheme, []string{"server gave HTTP response to HTTPS client", "first record does not look like a TLS handshake"}},
	{troubleTLS, []string{"x509:", "tls:", "certificate"}},
	{troubleName, []string{"no such host", "server misbehaving", "name resolution", ": lookup "}},
	{troubleAuth, []string{"HTTP status 401", "HTTP status 403"}},
	{troubleScheme, []string{"HTTP status 400"}}, // what Go's TLS servers say to plain HTTP
	{troublePath, []string{"HTTP status 404", "HTTP status 405", "HTTP status 30", "HTTP status 406", "stopped after 10 redirects"}},
	{troubleRefused, []string{"connection refused"}},
	{troubleHost, []string{"no route to host", "network is unreachable", "host is down"}},
	{troubleSlow, []string{"context deadline exceeded", "i/o timeout", "Client.Timeout", "connection timed out"}},
	{troubleContent, []string{
		"valid start token", "expected ", "Content-Type", "invalid metric type", "unexpected", "invalid UTF-8", "does not end with # EOF",
		"ParseFloat", "unsupported character", "mime:",
	}},
}

func troubleOf(lastError string) trouble {
	for _, t := range troubleTexts {
		if slices.ContainsFunc(t.texts, func(text string) bool { return strings.Contains(lastError, text) }) {
			return t.kind
		}
	}
	return troubleOther
}

// downTarget is a target that is down, with what is known about the way to it.
type downTarget struct {
	target
	server    server
	kind      trouble
	host      Host // that it is on, when that one was examined
	known     bool
	lost      bool // it is on a host that could not be examined
	reached   Reached
	tried     bool
	listeners []facts.Listener // on its port, on its host
	alike     int              // targets of its job that have the same trouble, when those are all of several; else 0
}

// name is the target, or its whole job.
func (d downTarget) name() string {
	if d.alike > 0 {
		return fmt.Sprintf("%s (all %d targets)", d.Labels["job"], d.alike)
	}
	return d.target.name()
}

// downs gives the targets of a server that are down.
func (s server) downs() ([]downTarget, error) {
	list, err := s.targets()
	if err != nil {
		return nil, err
	}
	var downs []downTarget
	for _, t := range list.Active {
		if t.Health != "down" {
			continue
		}
		d := downTarget{target: t, server: s, kind: troubleOf(t.LastError)}
		d.host, d.known = s.host(t)
		d.lost = slices.ContainsFunc(s.Fleet.Lost, func(l Lost) bool { return l.Name == t.hostname() || l.Address == t.hostname() })
		d.reached, d.tried = s.Host.Reached[t.address()]
		for _, l := range d.host.Facts.Listeners {
			if l.Network == "tcp" && portOf(l.Address) == t.port() {
				d.listeners = append(d.listeners, l)
			}
		}
		d.refine()
		downs = append(downs, d)
	}
	return downs, nil
}

// refine tells apart what looks the same to Prometheus, by a connection of our own from its host, and by who listens.
func (d *downTarget) refine() {
	unread := !d.known || !d.host.Facts.ListenersRead
	switch d.kind {
	case troubleRefused:
		switch {
		case unread:
		case len(d.listeners) == 0 && isLoopback(d.hostname()) && !d.meant():
			d.kind = troubleLocal
		case len(d.listeners) > 0 && !d.covered():
			d.kind = troubleBound
		case len(d.listeners) > 0 && !isLoopback(d.hostname()) && !d.reached.OK:
			d.kind = troubleFirewall // it listens, and yet is refused: a rule that rejects
		}
	case troubleHost:
		if d.known && d.host.Name != d.server.Host.Name {
			d.kind = troubleFirewall // the host answers SSH: a rule that rejects
		}
	case troubleSlow:
		d.refineTimeout(unread)
	}
}

func (d *downTarget) refineTimeout(unread bool) {
	ssh, trySSH := d.server.Host.Reached[net.JoinHostPort(d.hostname(), "22")]
	switch {
	case d.reached.OK || !d.tried || d.reached.Kind == ReachForbidden:
	case d.known && d.host.Name == d.server.Host.Name: // no filter is on that way: it hangs
	case d.reached.Kind == ReachRefused && !unread && len(d.listeners) == 0:
		d.kind = troubleRefused
	case d.known, trySSH && (ssh.OK || ssh.Kind == ReachRefused):
		d.kind = troubleFirewall
	case trySSH:
		d.kind = troubleHost
	}
}

// covered says that one of the sockets takes connections to the address of the target.
func (d *downTarget) covered() bool {
	name, err := netip.ParseAddr(d.hostname())
	return slices.ContainsFunc(d.listeners, func(l facts.Listener) bool {
		a := l.Address.Addr()
		return a.IsUnspecified() || a == name || err != nil && a.IsLoopback() == isLoopback(d.hostname())
	})
}

// meant says that the host has the component that belongs on the target's port, running or not.
func (d *downTarget) meant() bool { _, ok := d.component(); return ok }

// component finds what should answer there.
func (d *downTarget) component() (Component, bool) {
	for _, c := range d.host.Components {
		if port := flaggedPort(c.Flags); port != 0 && itoa(port) == d.port() || port == 0 && itoa(usualPort[c.Kind]) == d.port() {
			return c, true
		}
	}
	return Component{}, false
}

// askDown tries the way to every target that is down, from the host of Prometheus.
func askDown(ctx context.Context, q *Questions) {
	const atOnce, most = 64, 400
	gate := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, c := range q.Host().Of("prometheus") {
		if c.Base == "" {
			continue
		}
		var list targetList
		if err := decodeReply(q.Get(ctx, c, askTargets), askTargets, &list); err != nil {
			continue // Judge says so
		}
		for i, t := range list.Active {
			if t.Health != "down" || i >= most {
				continue
			}
			wg.Go(func() {
				gate <- struct{}{}
				defer func() { <-gate }()
				try(ctx, q, t)
			})
		}
	}
}

// try connects as Prometheus would. When nothing answers, port 22 tells a host that is down from a closed door.
func try(ctx context.Context, q *Questions, t target) {
	switch troubleOf(t.LastError) {
	case troubleRefused, troubleHost, troubleSlow, troubleOther:
		if r := q.Dial(ctx, t.address()); r.Kind == ReachTimeout || r.Kind == ReachUnroutable {
			q.Dial(ctx, net.JoinHostPort(t.hostname(), "22"))
		}
	case troubleScheme, troubleContent, troublePath:
		q.Page(ctx, t.URL)
	}
}

// perTrouble makes the Judge of one kind of trouble: a finding for each target, or one for a job whose targets are all alike.
func perTrouble(id string, kind trouble, judge func(d downTarget) Finding) func(Fleet) []Finding {
	return perServer(id, func(s server) ([]Finding, error) {
		downs, err := s.downs()
		if err != nil {
			return nil, err
		}
		downs = slices.DeleteFunc(downs, func(d downTarget) bool { return d.kind != kind })
		var found []Finding
		for _, same := range s.perJob(downs, judge) {
			d := same[0]
			if len(same) > 1 {
				d.alike = len(same)
			}
			f := judge(d)
			if f.Level == OK {
				f.Level = Fail
			}
			f.Tag = d.Pool + " " + d.URL
			if d.alike == 0 {
				f.About = d.address()
			}
			f.Evidence = append(d.evidence(), f.Evidence...)
			for _, d := range same {
				f.Concerns = append(f.Concerns, d.concerns()...)
				f.Targets = append(f.Targets, d.key())
			}
			found = append(found, f)
		}
		return found, nil
	})
}

// ofTheJob are troubles that a job can have with all of its targets. Of the others each host has its own.
var ofTheJob = []trouble{troubleLimit, troubleScheme, troubleTLS, troubleName, troubleAuth, troublePath, troubleContent, troubleSlow}

// perJob puts together the targets of a job when all of them are down for the same cause; others stay alone.
func (s server) perJob(downs []downTarget, judge func(d downTarget) Finding) [][]downTarget {
	list, err := s.targets()
	if err != nil {
		return nil // downs were made of it
	}
	size := map[string]int{}
	for _, t := range list.Active {
		size[t.pool()]++
	}
	key := func(d downTarget) string { return d.pool() + " " + judge(d).Cause }
	alike := map[string][]downTarget{}
	for _, d := range downs {
		alike[key(d)] = append(alike[key(d)], d)
	}
	var groups [][]downTarget
	for _, d := range downs {
		same := alike[key(d)]
		switch {
		case !slices.Contains(ofTheJob, d.kind) || len(same) < size[d.pool()]:
			groups = append(groups, []downTarget{d})
		case same[0].URL == d.URL:
			groups = append(groups, same)
		}
	}
	return groups
}

func (d downTarget) concerns() []string {
	if d.known && d.host.Name != d.server.Host.Name {
		return []string{d.host.Name}
	}
	return nil
}

func (d downTarget) evidence() []Evidence {
	list := []Evidence{Says("target", d.URL), Says("job", d.Labels["job"]), Says("prometheus says", clip(d.LastError))}
	if d.tried {
		text := string(d.reached.Kind)
		if d.reached.Err != "" {
			text += ": " + clip(d.reached.Err)
		}
		list = append(list, Says("a connection from "+d.server.Host.Name, text))
	}
	for _, l := range d.listeners {
		list = append(list, Says("listens on "+d.host.Name, l.Address.String()+" "+l.Process))
	}
	if d.known && d.host.Facts.ListenersRead && len(d.listeners) == 0 {
		list = append(list, Says("listens on "+d.host.Name, "nothing at port "+d.port()))
	}
	return list
}

// on names the place of a target: its host when that was examined.
func (d downTarget) on() string {
	if d.known {
		return d.host.Name
	}
	return d.hostname()
}
