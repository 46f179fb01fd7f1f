package facts

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
)

// States of /proc/net/{tcp,udp} (include/net/tcp_states.h) that listen; a UDP socket without a peer is "closed".
const (
	tcpListen = "0A"
	udpClosed = "07"
)

// parseSockets reads the tables of /proc/net by their path (proc(5)).
func parseSockets(tables map[string]string, owners map[string]int) ([]Listener, bool) {
	var out []Listener
	for _, network := range []string{"tcp", "tcp6", "udp", "udp6"} {
		state := tcpListen
		if network[0] == 'u' {
			state = udpClosed
		}
		for line := range strings.Lines(tables["/proc/net/"+network]) {
			w := strings.Fields(line) // sl local remote state queues timer retransmits uid timeout inode …
			if len(w) < 10 || w[3] != state {
				continue
			}
			if address, ok := hexAddress(w[1]); ok {
				out = append(out, Listener{Network: network[:3], Address: address, PID: owners[w[9]]})
			}
		}
	}
	return out, len(tables) > 0
}

// hexAddress reads "0100007F:1F90": the address in host byte order per 32-bit word, the port as a plain number. Every
// architecture there are releases for is little-endian.
func hexAddress(word string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(word, ":")
	raw, err := hex.DecodeString(host)
	number, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		raw[i], raw[i+1], raw[i+2], raw[i+3] = raw[i+3], raw[i+2], raw[i+1], raw[i]
	}
	address, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(address.Unmap(), uint16(number)), ok
}

// inodeOwners reads `ls -l /proc/[0-9]*/fd`: which process holds the socket of an inode.
func inodeOwners(listing string) map[string]int {
	owners := map[string]int{}
	pid := 0
	for line := range strings.Lines(listing) {
		if dir, ok := strings.CutPrefix(line, "/proc/"); ok {
			digits, _, _ := strings.Cut(dir, "/")
			pid, _ = strconv.Atoi(digits)
			continue
		}
		_, inode, ok := strings.Cut(strings.TrimSpace(line), " socket:[")
		if inode = strings.TrimSuffix(inode, "]"); ok && closer(pid, owners[inode]) {
			owners[inode] = pid
		}
	}
	return owners
}
