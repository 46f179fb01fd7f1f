package inventory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet"
)

const localhost = "localhost"

// builder turns the file as written into the inventory and judges what can be judged without knowing components.

type builder struct {
	*decoder
	doc *document
}

func (b *builder) build() {
	b.login("defaults", &b.doc.Defaults.login)
	b.labelNames("defaults.labels", b.doc.Defaults.Labels)
	b.hosts()
	b.components()
	b.apps()
	b.rest()
}

func (b *builder) rest() {
	inv, doc := b.inv, b.doc
	inv.Fetch = Fetch(or(doc.Fetch.Value, string(FetchController)))
	b.oneOf("fetch", doc.Fetch, string(FetchController), string(FetchHost))
	inv.Fallback = Fallback(or(doc.Fallback.Value, string(FallbackAsk)))
	b.oneOf("fallback", doc.Fallback, string(FallbackAsk), string(FallbackAuto), string(FallbackNever))
	inv.Parallel = fleet.DefaultParallel
	if p := doc.Parallel; p.pos.Line > 0 {
		inv.Parallel = p.Value
		b.inRange("parallel", p, 1, 512)
	}
	if c := doc.Catalog; c.Value != "" {
		inv.Catalog, inv.CatalogPos = resolvePath(inv.Dir, c.Value), c.pos
	}
	m := doc.Mirror
	inv.Mirror = Mirror{
		All:        b.url("mirror", m.all),
		GitHub:     b.url("mirror.github", m.GitHub),
		Grafana:    b.url("mirror.grafana", m.Grafana),
		GrafanaAPI: b.url("mirror.grafana_api", m.GrafanaAPI),
		Prometheus: b.url("mirror.prometheus", m.Prometheus),
	}
}

func (b *builder) hosts() {
	if len(b.doc.Hosts) == 0 && len(b.errs.list) == 0 {
		b.fail(Pos{1, 1}, "hosts", "there are none: add at least one host under `hosts:`")
	}
	reached := map[string]item[hostEntry]{}
	for _, it := range b.doc.Hosts {
		path := under("hosts", it.name)
		if err := checkName(it.name); err != nil {
			b.fail(it.pos, "hosts", "%v", err)
		}
		h := b.host(path, it)
		way := fmt.Sprintf("%v|%s|%d|%s|%s", h.Local, strings.ToLower(h.Address), portOr22(h.Port), h.User, h.Jump)
		if first, twice := reached[way]; twice {
			b.fail(it.pos, path, "is the same machine as host %q in line %d", first.name, first.pos.Line)
		} else {
			reached[way] = it
		}
		b.inv.Hosts = append(b.inv.Hosts, h)
	}
}

func portOr22(port int) int {
	if port == 0 {
		return 22
	}
	return port
}

func (b *builder) host(path string, it item[hostEntry]) Host {
	e := it.value
	b.login(path, &e.login)
	h := Host{Pos: it.pos, ScrapeAddress: e.ScrapeAddress.Value}
	h.Name = it.name
	b.address(path, it, &e)
	own := e.login
	e.over(b.doc.Defaults.login)
	h.Host = fleet.Host{
		Name: it.name, Address: e.Address.Value, User: e.User.Value, Port: e.Port.Value,
		Keys: b.keys(e.login), Jump: e.Jump.Value, Sudo: fleet.Sudo(or(e.Sudo.Value, string(fleet.SudoAuto))),
	}
	if h.Address == localhost && own.User.Value == "" && own.Port.Value == 0 && len(own.Key) == 0 && own.Jump.Value == "" {
		h.Host = fleet.Host{Name: it.name, Address: localhost, Local: true, Sudo: h.Sudo}
	}
	if s := e.ScrapeAddress; s.Value != "" {
		if err := checkAddress(s.Value); err != nil {
			b.invalid(s, path+".scrape_address", err)
		}
	}
	h.Labels = b.labels(path, e.Labels)
	for _, c := range e.Components {
		if b.componentName(path+".components", c, h.Components) {
			h.Components = append(h.Components, c.Value)
			h.ComponentPos = append(h.ComponentPos, c.pos)
		}
	}
	return h
}

// address settles where a host is: the short form, the key, or the name of the host itself.

func (b *builder) address(path string, it item[hostEntry], e *hostEntry) {
	at := e.Address
	if e.short != nil {
		at = *e.short
	}
	if at.pos.Line == 0 {
		e.Address = text{Value: it.name, pos: it.pos}
		return
	}
	if at.Value == "" {
		return // reported already
	}
	t, err := parseTarget(at.Value)
	if err != nil {
		b.invalid(at, path, err)
		return
	}
	if e.short == nil && t != (target{host: t.host}) {
		b.fail(at.pos, path+".address", "want the address alone: user and port are keys of their own")
		return
	}
	e.Address = text{Value: t.host, pos: at.pos}
	if e.short != nil {
		e.User.Value, e.Port.Value = t.user, t.port
	}
}

// invalid reports a value that is no good. err may quote it, so a value from a reference is named by the reference.

// login judges one way in and folds `keys` into `key`.

// over fills what a host leaves out from the defaults.

func (b *builder) labels(path string, own named[text]) map[string]string {
	b.labelNames(path+".labels", own)
	both := slices.Concat(b.doc.Defaults.Labels, own)
	if len(both) == 0 {
		return nil
	}
	out := make(map[string]string, len(both))
	for _, l := range both {
		out[l.name] = l.value.Value
	}
	return out
}

func (b *builder) labelNames(path string, labels named[text]) {
	for _, l := range labels {
		if !labelRE.MatchString(l.name) {
			b.fail(l.pos, path, "label name %q: want letters, digits and underscore, not a digit first", l.name)
		}
	}
}
