package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// public says that an address is of the internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !carrierNAT.Contains(a) && !documentation(a)
}

// carrierNAT is RFC 6598, which providers use inside; examples are RFC 5737 and 3849.
var (
	carrierNAT = netip.MustParsePrefix("100.64.0.0/10")
	examples   = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("198.18.0.0/15")}
)

func documentation(a netip.Addr) bool {
	return slices.ContainsFunc(examples, func(p netip.Prefix) bool { return p.Contains(a) })
}

// publicAddresses are the host's own addresses of the internet.
func (h Host) publicAddresses() []netip.Addr {
	var list []netip.Addr
	for _, a := range h.Facts.Addresses {
		if public(a) {
			list = append(list, a)
		}
	}
	return list
}

// openTo gives the public address at which a component takes connections.
func (h Host) openTo(c Component) (netip.AddrPort, bool) {
	for _, l := range c.Listen {
		for _, a := range h.publicAddresses() {
			if l.Addr().Unmap() == a || l.Addr().IsUnspecified() && (l.Addr().Is6() || a.Is4()) {
				return netip.AddrPortFrom(a, l.Port()), true
			}
		}
	}
	return netip.AddrPort{}, false
}

// guarded says that the component itself asks for a login or a certificate.
func (c Component) guarded() bool { return c.Flags["web.config.file"] != "" || c.Kind == "grafana" }

func securityOpenPublic() Check {
	const id = "security/open-public"
	return Check{
		ID: id, Title: "nothing of the stack is open to the internet",
		Judge: perComponent(id, anyComponent, judgeOpenPublic),
		Doc: Doc{
			Symptom:  "Strangers read host names, versions and addresses from /metrics, or query everything from Prometheus.",
			Cause:    "The component listens on every address, the host has a public one, and neither Prometheus nor the exporters ask for a login by default.",
			Evidence: "Its sockets and the host's own addresses. A firewall on the host makes it a note, since its rules are not judged; one in front of the host is not seen. Private addresses are well.",
			Fix:      "`--web.listen-address` of the private network, a firewall rule for the Prometheus host only, or `--web.config.file` with TLS and a login.",
			Risk:     "scrapes from elsewhere end: look who asks first",
			Source:   "prometheus.io/docs/operating/security; RFC 1918, RFC 6598",
		},
	}
}

func judgeOpenPublic(h Host, c Component) []Finding {
	to, open := h.openTo(c)
	if !open || c.guarded() {
		return nil
	}
	level, cause := Warn, "it listens on every address, asks for no login, and the host has no firewall that is on"
	if len(h.Facts.Firewall) > 0 {
		level, cause = Note, "it listens on every address and asks for no login; whether the host's firewall ("+strings.Join(h.Facts.Firewall, ", ")+") lets others in was not judged"
	}
	return one(level, fmt.Sprintf("%s may be open to the internet at %s", c.Name, to), cause, "listen on the private address, or open the port for the Prometheus host only", Says("listens on", c.Listen[0].String()), Says("public address", to.Addr().String()))
}
