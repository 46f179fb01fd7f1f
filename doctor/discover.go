package doctor

import (
	"cmp"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/monctl/monctl/installer/desired"
)

// usualPort is where a component listens unless told otherwise (the exporters' list of the Prometheus wiki).
var usualPort = map[string]int{
	"prometheus": 9090, "monitor": 9090, "alertmanager": 9093, "grafana": 3000, "loki": 3100, "promtail": 9080, "alloy": 12345, "pushgateway": 9091,
	"node_exporter": 9100, "mysqld_exporter": 9104, "postgres_exporter": 9187, "blackbox_exporter": 9115, "redis_exporter": 9121,
}

// discover finds the components of a host in what was looked at, whoever installed them.
func (h *Host) discover(manifests []desired.Manifest) {
	for _, p := range h.Processes {
		kind := componentKind(p)
		if kind == "" {
			continue
		}
		c := Component{Kind: kind, Running: true, Process: p, Unit: p.Unit, Flags: flagsOf(p.Args), Replies: map[string]Reply{}}
		h.listening(&c)
		if p.Foreign && len(c.Listen) == 0 {
			continue // in a container that publishes no port: not of this host
		}
		h.Components = append(h.Components, c)
	}
	for _, u := range h.Units {
		if c, ok := h.idle(u); ok {
			h.Components = append(h.Components, c)
		}
	}
	for i := range h.Components {
		c := &h.Components[i]
		for _, m := range manifests {
			if m.Unit != "" && m.Unit == c.Unit {
				c.Manifest = &m
			}
		}
		c.Name = h.nameOf(i)
	}
}

func (h *Host) nameOf(i int) string {
	c := h.Components[i]
	if c.Unit != "" && !slices.ContainsFunc(h.Components[:i], func(o Component) bool { return o.Unit == c.Unit }) {
		return strings.TrimSuffix(c.Unit, ".service")
	}
	name := c.Kind
	if slices.ContainsFunc(h.Components[:i], func(o Component) bool { return o.Name == name }) {
		name += ":" + strconv.Itoa(c.Process.PID)
		if len(c.Listen) > 0 {
			name = c.Kind + ":" + strconv.Itoa(int(c.Listen[0].Port()))
		}
	}
	return name
}

// idle makes a component of a unit that should run and does not. A unit that is there but was never enabled is none.
func (h *Host) idle(u Unit) (Component, bool) {
	kind := kindOfProgram(strings.TrimPrefix(strings.TrimSuffix(u.Name, ".service"), "monctl-"))
	if kind == "" { // prometheus2.service
		kind = u.kindOfCommand()
	}
	wanted := u.Get("UnitFileState") == "enabled" || u.Get("UnitFileState") == "masked" && strings.HasPrefix(u.Name, "monctl-") ||
		slices.Contains([]string{"failed", "activating"}, u.Get("ActiveState"))
	if kind == "" || !wanted || slices.ContainsFunc(h.Components, func(c Component) bool { return c.Unit == u.Name }) {
		return Component{}, false
	}
	c := Component{Kind: kind, Unit: u.Name, Replies: map[string]Reply{}}
	c.Flags = flagsOf(u.command())
	return c, true
}

// command is the command line of a unit's ExecStart.
func (u Unit) command() []string {
	_, rest, _ := strings.Cut(u.Get("ExecStart"), "argv[]=")
	line, _, _ := strings.Cut(rest, " ; ")
	return strings.Fields(line)
}

func (u Unit) kindOfCommand() string {
	_, rest, _ := strings.Cut(u.Get("ExecStart"), "path=")
	program, _, _ := strings.Cut(rest, " ")
	if isMonitor(path.Base(program), u.command()) {
		return "monitor"
	}
	return kindOfProgram(path.Base(program))
}

// componentKind tells what a process is: by its program, else by flags that only one component has. "" is none of ours.
func componentKind(p Process) string {
	program := path.Base(strings.TrimSuffix(p.Exe, " (deleted)"))
	args := p.Args
	if strings.HasPrefix(program, "qemu-") || p.Exe == "" { // an emulator runs it, or it cannot be read
		program = ""
		for i, a := range args {
			if base := path.Base(a); base != "." && !strings.HasPrefix(base, "qemu-") && !strings.Contains(a, "/qemu-binfmt/") && !strings.HasPrefix(a, "-") {
				program, args = base, args[i:]
				if len(args) > 1 && args[1] == args[0] { // binfmt_misc with the flag P: the path, and then what it was called by
					args = args[1:]
				}
				break
			}
		}
	}
	switch {
	case isMonitor(program, args):
		return "monitor"
	case notComponent[program]:
		return ""
	case program == "grafana" && len(args) > 1 && args[1] == "cli":
		return ""
	}
	if kind := kindOfProgram(program); kind != "" {
		return kind
	}
	flags := flagsOf(p.Args)
	switch {
	case has(flags, "storage.tsdb.path"):
		return "prometheus"
	case has(flags, "cluster.listen-address") && has(flags, "storage.path"):
		return "alertmanager"
	case has(flags, "config.my-cnf"):
		return "mysqld_exporter"
	case has(flags, "collector.systemd"), has(flags, "collector.textfile.directory"), has(flags, "path.procfs"):
		return "node_exporter"
	}
	return ""
}

// isMonitor says that a command line is that of monctl serve, the bundled monitor. Options of monctl itself may stand before serve.
func isMonitor(program string, args []string) bool {
	if released.ReplaceAllString(program, "") != "monctl" || len(args) == 0 {
		return false
	}
	i := slices.IndexFunc(args[1:], func(a string) bool { return !strings.HasPrefix(a, "-") })
	return i >= 0 && args[1+i] == "serve"
}

func has(flags map[string]string, name string) bool {
	_, ok := flags[name]
	return ok
}

// notComponent are programs that have such flags only because they start or watch the one meant.
var notComponent = map[string]bool{
	"sh": true, "dash": true, "bash": true, "busybox": true, "sudo": true, "su": true, "timeout": true, "systemd": true, "perl": true,
	"strace": true, "tail": true, "less": true, "vi": true, "vim": true, "grep": true, "ssh": true, "docker": true, "podman": true, "conmon": true,
	"containerd-shim-runc-v2": true, "docker-proxy": true, "setsid": true, "nohup": true, "env": true, "watch": true, "monctl": true,
}

// released takes version and platform off a file name: "node_exporter-1.8.2.linux-amd64", "loki-linux-amd64".
var released = regexp.MustCompile(`[-_.]?v?(\d+\.\d+\.\d+)?[-_.]?linux[-_](amd64|arm64|armv[67]|386)$`)

// kindOfProgram knows upstream's names and those of Debian's packages: "prometheus-node-exporter".
func kindOfProgram(name string) string {
	name = released.ReplaceAllString(strings.ToLower(name), "")
	switch name {
	case "prometheus", "alertmanager", "loki", "promtail", "alloy", "pushgateway":
		return name
	case "grafana", "grafana-server":
		return "grafana"
	}
	if short, ok := strings.CutPrefix(name, "prometheus-"); ok {
		if slices.Contains([]string{"alertmanager", "pushgateway"}, short) {
			return short
		}
		name = short
	}
	name = strings.ReplaceAll(name, "-", "_")
	if strings.HasSuffix(name, "_exporter") && exporter.MatchString(name) {
		return name
	}
	return ""
}

var exporter = regexp.MustCompile(`^[a-z][a-z0-9_]*_exporter$`)

// flagsOf reads a command line: --name=value, -name=value and --name value.
func flagsOf(args []string) map[string]string {
	flags := map[string]string{}
	for i, a := range args {
		name := strings.TrimPrefix(strings.TrimPrefix(a, "-"), "-")
		if name == a || name == "" {
			continue
		}
		name, value, given := strings.Cut(name, "=")
		if !given && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			value = args[i+1]
		}
		flags[name] = value
	}
	return flags
}

// listening finds the sockets of a component and where to ask it.
func (h *Host) listening(c *Component) {
	flagged := flaggedPort(c.Flags)
	for _, l := range h.Facts.Listeners {
		// The port that a container publishes is held by a program of the container's engine, or by nobody.
		published := c.Process.Foreign && (l.Process == "docker-proxy" || l.Process == "rootlessport" || l.Process == "conmon") && int(l.Address.Port()) == usualPort[c.Kind]
		mine := published || !c.Process.Foreign && l.PID == c.Process.PID || l.PID == 0 && int(l.Address.Port()) == flagged ||
			l.PID == 0 && flagged == 0 && int(l.Address.Port()) == usualPort[c.Kind]
		if l.Network == "tcp" && mine && !slices.Contains(c.Listen, l.Address) {
			c.Listen = append(c.Listen, l.Address)
		}
	}
	if len(c.Listen) == 0 {
		return
	}
	rank := func(a netip.AddrPort) int {
		switch int(a.Port()) {
		case flagged:
			return 0
		case usualPort[c.Kind]:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(c.Listen, func(a, b netip.AddrPort) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return int(a.Port()) - int(b.Port())
	})
	c.Base = "http://" + reachable(c.Listen[0]).String() + prefixOf(c.Flags)
}

// reachable is how the host itself reaches what it listens on.
func reachable(a netip.AddrPort) netip.AddrPort {
	if a.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
	}
	return a
}

func flaggedPort(flags map[string]string) int {
	for _, name := range []string{"web.listen-address", "server.http.listen-addr", "server.http-listen-port", "server.http.listen-port", "listen"} {
		value := flags[name]
		if _, port, ok := strings.Cut(value[strings.LastIndexByte(value, ']')+1:], ":"); ok {
			value = port
		}
		if port, err := strconv.Atoi(value); err == nil {
			return port
		}
	}
	return 0
}

// prefixOf is the path below which Prometheus, Alertmanager and the bundled monitor answer.
func prefixOf(flags map[string]string) string {
	prefix, given := flags["web.route-prefix"]
	if !given {
		if u, err := url.Parse(cmp.Or(flags["web.external-url"], flags["external-url"])); err == nil {
			prefix = u.Path
		}
	}
	if prefix = strings.Trim(prefix, "/"); prefix == "" {
		return ""
	}
	return "/" + prefix
}
