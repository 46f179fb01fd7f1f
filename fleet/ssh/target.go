package ssh

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/ssh/sshconfig"
)

// target is one SSH server and how to log in there: what the inventory says, completed by ssh_config.
type target struct {
	name             string // as the inventory or the jump list has it
	host, port, user string
	alias            string // HostKeyAlias: the name to look up in known_hosts; "" for host and port
	keys             []string
	keysGiven        bool   // keys were named, not just the usual places
	onlyKeys         bool   // keys of the agent count only when they are among keys
	agent            string // socket of the agent; "" for none
	knownHosts       []string
	hashKnown        bool // HashKnownHosts
	timeout          time.Duration
	alive            time.Duration // between questions for a sign of life
	misses           int           // how many may go unanswered before the link counts as lost
	jump             []target      // from the first hop to the last
}

func (t target) addr() string { return net.JoinHostPort(t.host, t.port) }

// keyName is host:port as known_hosts knows it.
func (t target) keyName() string {
	if t.alias != "" {
		return net.JoinHostPort(t.alias, "22")
	}
	return t.addr()
}

func (t target) login() string { return t.user + "@" + t.host }

// configs keeps the files of ssh_config, read once for all hosts of a run.
type configs struct {
	mu      sync.Mutex
	byNames map[string]*sshconfig.Files
}

func (c *configs) of(paths []string) *sshconfig.Files {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := strings.Join(paths, "\x00")
	if paths == nil {
		id = "usual"
	}
	f := c.byNames[id]
	if f == nil {
		f = sshconfig.New(paths...)
		if paths == nil {
			f = sshconfig.Usual()
		}
		if c.byNames == nil {
			c.byNames = map[string]*sshconfig.Files{}
		}
		c.byNames[id] = f
	}
	return f
}

// resolveHost finds out how to reach a host of the inventory.
func resolveHost(host fleet.Host, o Options) (target, error) {
	q := sshconfig.Query{Host: host.Address, User: host.User}
	if host.Port != 0 {
		q.Port = strconv.Itoa(host.Port)
	}
	r := resolver{files: o.Auth.configs.of(o.ConfigFiles), o: o}
	return r.resolve(q, host.Keys, host.Jump, nil)
}

// HostName is what ssh_config makes of a host's address: an alias leads to a name or an IP that other machines understand, too.
func HostName(host fleet.Host, o Options) (string, error) {
	t, err := resolveHost(host, o.withDefaults())
	return t.host, err
}

// resolver turns names into targets.
type resolver struct {
	files *sshconfig.Files
	o     Options
}

// resolve completes what was asked for. above are the names that lead here through ProxyJump.
func (r resolver) resolve(q sshconfig.Query, keys []string, jump string, above []string) (target, error) {
	a, err := r.files.Resolve(q)
	if err != nil {
		return target{}, fault.Misuse(fmt.Errorf("%w: %w", ErrConfig, err), "Correct that line; ssh -G %s shows what ssh makes of the file.", q.Host)
	}
	t := target{name: q.Host, host: a.HostName(), port: a.Port(), user: a.User(), alias: a.Get("HostKeyAlias"), hashKnown: a.Yes("HashKnownHosts")}
	if n, err := strconv.Atoi(t.port); err != nil || n < 1 || n > 65535 {
		return target{}, fault.Misuse(fmt.Errorf("%w: port %q is not 1 to 65535", ErrConfig, t.port), "Correct Port in ssh_config or port in the inventory.")
	}
	r.keys(&t, a, keys)
	r.places(&t, a)
	if jump == "" {
		if jump = a.Get("ProxyJump"); jump == "" && a.Get("ProxyCommand") != "" && a.Get("ProxyCommand") != "none" {
			return target{}, fault.Misuse(fmt.Errorf("%w: ProxyCommand is not supported", ErrConfig), "Use ProxyJump, or jump: in the inventory, for %s.", q.Host)
		}
	}
	if jump != "" && jump != "none" {
		t.jump, err = r.hops(jump, append(above, q.Host))
	}
	return t, err
}

// keys chooses which keys are tried: those given, else those of ssh_config, else those in the usual places.
func (r resolver) keys(t *target, a *sshconfig.Answer, given []string) {
	home, _ := os.UserHomeDir()
	for _, k := range given {
		if rest, ok := strings.CutPrefix(k, "~/"); ok {
			k = filepath.Join(home, rest)
		}
		t.keys = append(t.keys, k)
	}
	t.onlyKeys = len(given) > 0 || a.Yes("IdentitiesOnly")
	if len(t.keys) == 0 {
		t.keys = a.Paths("IdentityFile")
	}
	t.keysGiven = len(t.keys) > 0
	if !t.keysGiven {
		for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			t.keys = append(t.keys, filepath.Join(home, ".ssh", name))
		}
	}
	t.agent = os.Getenv("SSH_AUTH_SOCK")
	switch agent := a.Get("IdentityAgent"); agent {
	case "", "SSH_AUTH_SOCK":
	case "none":
		t.agent = ""
	default:
		t.agent = os.ExpandEnv(strings.Join(a.Paths("IdentityAgent"), ""))
	}
}

// places sets where host keys are looked up, and how long to wait.
func (r resolver) places(t *target, a *sshconfig.Answer) {
	t.knownHosts = r.o.KnownHosts
	if len(t.knownHosts) == 0 {
		home, _ := os.UserHomeDir()
		user := a.Paths("UserKnownHostsFile")
		if len(user) == 0 {
			user = []string{filepath.Join(home, ".ssh/known_hosts"), filepath.Join(home, ".ssh/known_hosts2")}
		}
		global := a.Paths("GlobalKnownHostsFile")
		if len(global) == 0 {
			global = []string{"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"}
		}
		t.knownHosts = append(user, global...)
	}
	t.timeout = 10 * time.Second
	if n, err := strconv.Atoi(a.Get("ConnectTimeout")); err == nil && n > 0 {
		t.timeout = time.Duration(n) * time.Second
	}
	if r.o.ConnectTimeout > 0 {
		t.timeout = r.o.ConnectTimeout
	}
	r.signsOfLife(t, a)
}

// signsOfLife follows ServerAliveInterval and ServerAliveCountMax. Where OpenSSH would never ask (interval 0, its
// default), monctl asks every 10 s all the same: nobody sits in front of its connections.
func (r resolver) signsOfLife(t *target, a *sshconfig.Answer) {
	t.alive, t.misses = 10*time.Second, 3
	if n, err := strconv.Atoi(a.Get("ServerAliveInterval")); err == nil && n > 0 {
		t.alive = time.Duration(n) * time.Second
	}
	if n, err := strconv.Atoi(a.Get("ServerAliveCountMax")); err == nil && n > 0 {
		t.misses = n
	}
	if r.o.KeepAlive > 0 {
		t.alive = r.o.KeepAlive
	}
}

// hops resolves a list of jump hosts. As with ssh, the first is reached as ssh_config says, each other through the one
// before it.
func (r resolver) hops(list string, above []string) ([]target, error) {
	var hops []target
	for i, text := range strings.Split(list, ",") {
		q, err := parseHop(text)
		if err != nil {
			return nil, err
		}
		if q.Host == above[len(above)-1] && i == 0 {
			continue // "Host * ProxyJump x" applies to x as well; it is reached directly
		}
		for _, name := range above {
			if name == q.Host {
				return nil, fault.Misuse(fmt.Errorf("%w: %s is reached through itself", ErrConfig, name), "Break the circle of ProxyJump: %s", strings.Join(above, ", "))
			}
		}
		jump := "none"
		if i == 0 {
			jump = ""
		}
		hop, err := r.resolve(q, nil, jump, above)
		if err != nil {
			return nil, err
		}
		hops = append(append(hops, hop.jump...), hop)
		hops[len(hops)-1].jump = nil
	}
	return hops, nil
}

// parseHop reads [ssh://][user@]host[:port].
func parseHop(text string) (q sshconfig.Query, err error) {
	q.Host = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "ssh://"), "/")
	if i := strings.LastIndexByte(q.Host, '@'); i >= 0 {
		q.User, q.Host = q.Host[:i], q.Host[i+1:]
	}
	if host, port, err := net.SplitHostPort(q.Host); err == nil {
		q.Host, q.Port = host, port
	}
	q.Host = strings.Trim(q.Host, "[]")
	if q.Host == "" {
		return q, fault.Misuse(fmt.Errorf("%w: jump host %q", ErrConfig, text), "Write it as [user@]host[:port], several with commas between.")
	}
	return q, nil
}
