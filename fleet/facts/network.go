package facts

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
)

func (p *parser) network() {
	p.f.Addresses = slices.Concat(ipv4Addresses(p.files["/proc/net/fib_trie"]), ipv6Addresses(p.files["/proc/net/if_inet6"]))
	p.f.Interface = defaultInterface(p.files["/proc/net/route"], p.files["/proc/net/ipv6_route"])
}

// ipv4Addresses reads the kernel's routing trie, where a local address is a leaf "|-- 10.0.0.1" followed by
// "/32 host LOCAL". It is the only file of /proc that has the addresses.
func ipv4Addresses(trie string) []netip.Addr {
	var out []netip.Addr
	var leaf netip.Addr
	for line := range strings.Lines(trie) {
		line = strings.TrimSpace(line)
		if address, ok := strings.CutPrefix(line, "|-- "); ok {
			leaf, _ = netip.ParseAddr(address)
		} else if line == "/32 host LOCAL" {
			out = addAddress(out, leaf)
		}
	}
	return out
}

// ipv6Addresses reads lines such as "fe80…0001 02 40 20 80 eth0": address, index, prefix length, scope, flags, name.
func ipv6Addresses(table string) []netip.Addr {
	var out []netip.Addr
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if raw, err := hex.DecodeString(words[0]); err == nil && len(raw) == 16 {
			out = addAddress(out, netip.AddrFrom16([16]byte(raw)))
		}
	}
	return out
}

func addAddress(list []netip.Addr, a netip.Addr) []netip.Addr {
	if !a.IsValid() || a.IsLoopback() || a.IsLinkLocalUnicast() || slices.Contains(list, a) {
		return list
	}
	return append(list, a)
}

// defaultInterface finds the route to everywhere with the lowest metric, of IPv4 before IPv6.
func defaultInterface(route, route6 string) string {
	name, lowest := "", ""
	for line := range strings.Lines(route) {
		w := strings.Fields(line) // interface destination gateway flags refcnt use metric mask …
		if len(w) < 8 || w[1] != "00000000" || w[7] != "00000000" {
			continue
		}
		if metric := padded(w[6]); name == "" || metric < lowest {
			name, lowest = w[0], metric
		}
	}
	if name != "" {
		return name
	}
	for line := range strings.Lines(route6) {
		w := strings.Fields(line) // destination length source length next-hop metric refcnt use flags interface
		if len(w) != 10 || w[1] != "00" || strings.Trim(w[0], "0") != "" || w[9] == "lo" {
			continue
		}
		if name == "" || w[5] < lowest {
			name, lowest = w[9], w[5]
		}
	}
	return name
}

// padded makes decimal numbers comparable as text.
func padded(number string) string {
	return strings.Repeat("0", max(12-len(number), 0)) + number
}
