package doctor

import (
	"net/netip"
	"strings"
)

func scrapeFirewall() Check {
	return Check{
		ID: "scrape/firewall", Title: "no firewall is between Prometheus and its targets",
		After: []string{downAfter, "scrape/host-down"}, Ask: askDown,
		Judge: perTrouble("scrape/firewall", troubleFirewall, judgeFirewall),
		Doc: Doc{
			Symptom:  "`context deadline exceeded` (a rule that drops), `no route to host` or `connection refused` (a rule that rejects), while the exporter runs.",
			Cause:    "A packet filter on the target's host, on the host of Prometheus or between them, or a security group of the cloud.",
			Evidence: "A connection of our own from the host of Prometheus fails, while the target's host answers SSH; its sockets say whether something listens on that port.",
			Fix:      "Open that port for the address of Prometheus only.",
			Risk:     "Low with a rule for one address.",
			Source:   "nft(8), firewall-cmd(1); a closed port without a rule answers with a reset, tcp(7)",
		},
	}
}

func judgeFirewall(d downTarget) Finding {
	way := "drops"
	if d.reached.Kind == ReachRefused || d.reached.Kind == ReachUnroutable || !d.tried {
		way = "rejects"
	}
	found := Finding{
		Title: "a firewall " + way + " the way to " + d.name(),
		Cause: "A connection from " + d.server.Host.Name + " to " + d.address() + " fails, while " + d.on() + " is up.",
		Fix:   d.openPort(),
	}
	switch {
	case len(d.listeners) > 0:
		found.Cause += " It listens on that port, so a packet filter is in the way."
	case d.known && d.host.Facts.ListenersRead:
		found.Cause += " Nothing listens on that port either: a closed port without a filter would have refused at once."
	}
	if len(d.host.Facts.Firewall) > 0 {
		found.Evidence = []Evidence{Says("packet filters of "+d.host.Name, strings.Join(d.host.Facts.Firewall, ", "))}
	}
	return found
}

// openPort is a rule for the address of Prometheus only, in the words of the filter that the host has.
func (d downTarget) openPort() string {
	from := "ADDRESS-OF-" + d.server.Host.Name
	for _, a := range d.server.Host.Facts.Addresses {
		if b, err := netip.ParseAddr(d.hostname()); err != nil || a.Is4() == b.Is4() {
			from = a.String()
			break
		}
	}
	family, bits := "ipv4", "ip"
	if strings.Contains(from, ":") {
		family, bits = "ipv6", "ip6"
	}
	filters := strings.Join(d.host.Facts.Firewall, " ")
	switch {
	case strings.Contains(filters, "firewalld"):
		return "firewall-cmd --permanent --add-rich-rule='rule family=" + family + " source address=" + from + " port port=" + d.port() + " protocol=tcp accept' && firewall-cmd --reload  (on " + d.on() + ")"
	case strings.Contains(filters, "ufw"):
		return "ufw allow from " + from + " to any port " + d.port() + " proto tcp  (on " + d.on() + ")"
	}
	return "accept on " + d.on() + ", before the rule that refuses: " + bits + " saddr " + from + " tcp dport " + d.port()
}
