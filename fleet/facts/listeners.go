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
		l.Command = commandLine(files[dir+"cmdline"])
		l.Unit = unitOf(files[dir+"cgroup"])
		if l.Process == "" {
			l.Process = strings.TrimSpace(files[dir+"comm"])
		}
		l.Process = printable(l.Process)
	}
}

// parseSS reads `ss -lntup`: Netid State Recv-Q Send-Q Local Peer users:(("name",pid=1,fd=2),…).
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
		l.Process, l.PID = holder(line)
		out = append(out, l)
	}
	return out, header
}

// holder picks one of the processes that share a socket.
func holder(line string) (name string, pid int) {
	_, users, _ := strings.Cut(line, "users:(")
	for users != "" {
		var user string
		_, users, _ = strings.Cut(users, `("`)
		user, users, _ = strings.Cut(users, ")")
		at := strings.LastIndex(user, `",pid=`)
		if at < 0 {
			continue
		}
		digits, _, _ := strings.Cut(user[at+len(`",pid=`):], ",")
		if n, err := strconv.Atoi(digits); err == nil && closer(n, pid) {
			name, pid = user[:at], n
		}
	}
	return name, pid
}

// closer says that a is rather the holder of a socket than b: a parent started before its workers, but systemd (1) only
// keeps the sockets that it hands to services. 0 is nobody.
func closer(a, b int) bool {
	return a > 0 && (b == 0 || b == 1 || a > 1 && a < b)
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
