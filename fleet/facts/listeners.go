package facts

import (
	"net/netip"
	"strconv"
	"strings"
)

// listeners reads the sockets from ss, or from /proc where there is none, and names the processes.
func (p *parser) listeners() {
	if table, ok := p.sections["ss"]; ok {
		p.f.Listeners, p.f.ListenersRead = parseSS(table)
	} else if table, ok := p.sections["sockets"]; ok {
		p.f.Listeners, p.f.ListenersRead = parseSockets(splitFiles(table), inodeOwners(p.sections["fds"]))
	}
	files := splitFiles(p.sections["processes"])
	for i := range p.f.Listeners {
		l := &p.f.Listeners[i]
		dir := "/proc/" + strconv.Itoa(l.PID) + "/"
		l.Command = strings.TrimRight(strings.ReplaceAll(files[dir+"cmdline"], "\x1f", " "), " \n")
		l.Unit = unitOf(files[dir+"cgroup"])
		if l.Process == "" {
			l.Process = strings.TrimSpace(files[dir+"comm"])
		}
	}
}

// parseSS reads `ss -lntup`: Netid State Recv-Q Send-Q Local Peer users:(("name",pid=1,fd=2),…). A socket that several
// processes share (a parent and its workers) is given to the first.
func parseSS(table string) ([]Listener, bool) {
	var out []Listener
	header := false
	for line := range strings.Lines(table) {
		w := strings.Fields(line)
		if len(w) > 0 && w[0] == "Netid" {
			header = true
			continue
		}
		if len(w) < 6 || w[0] != "tcp" && w[0] != "udp" {
			continue
		}
		address, ok := parseLocal(w[4])
		if !ok {
			continue
		}
		l := Listener{Network: w[0], Address: address}
		if _, users, ok := strings.Cut(line, `users:(("`); ok {
			l.Process, users, _ = strings.Cut(users, `",pid=`)
			digits, _, _ := strings.Cut(users, ",")
			l.PID, _ = strconv.Atoi(digits)
		}
		out = append(out, l)
	}
	return out, header
}

// parseLocal reads ss' "0.0.0.0:22", "[::]:22", "*:9090" and "127.0.0.53%lo:53". "*" is a socket for IPv6 and IPv4.
func parseLocal(local string) (netip.AddrPort, bool) {
	colon := strings.LastIndexByte(local, ':')
	if colon < 0 {
		return netip.AddrPort{}, false
	}
	host, _, _ := strings.Cut(strings.Trim(local[:colon], "[]"), "%")
	if host == "*" {
		host = "::"
	}
	address, err := netip.ParseAddr(host)
	port, portErr := strconv.ParseUint(local[colon+1:], 10, 16)
	return netip.AddrPortFrom(address, uint16(port)), err == nil && portErr == nil
}

// unitOf reads /proc/PID/cgroup: the unit is the last component of the path of systemd's hierarchy that is one.
func unitOf(cgroup string) string {
	for line := range strings.Lines(cgroup) {
		w := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(w) != 3 || w[1] != "" && w[1] != "name=systemd" {
			continue
		}
		path := strings.Split(w[2], "/")
		for i := len(path) - 1; i >= 0; i-- {
			if strings.HasSuffix(path[i], ".service") || strings.HasSuffix(path[i], ".scope") {
				return path[i]
			}
		}
	}
	return ""
}
