package ssh

import (
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"github.com/monctl/monctl/fleet"
)

// target is one SSH server and how to log in there: what the inventory says, completed by ssh_config.
type target struct {
	name             string // as the inventory or the jump list has it
	host, port, user string
	alias            string // HostKeyAlias: the name to look up in known_hosts; "" for host and port
	keys             []string
	keysGiven        bool // keys were named, not just the usual places
	onlyKeys         bool // IdentitiesOnly: keys of the agent count only when they are among keys
	knownHosts       []string
	hashKnown        bool // HashKnownHosts
	timeout          time.Duration
	jump             []target // from the first hop to the last
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

func resolve(host fleet.Host, o Options) (target, error) {
	t := target{name: host.Address, host: host.Address, port: "22", user: host.User, keys: host.Keys, keysGiven: len(host.Keys) > 0, onlyKeys: len(host.Keys) > 0, knownHosts: o.KnownHosts, timeout: o.ConnectTimeout}
	if host.Port != 0 {
		t.port = strconv.Itoa(host.Port)
	}
	if t.user == "" {
		if u, err := user.Current(); err == nil {
			t.user = u.Username
		}
	}
	home, _ := os.UserHomeDir()
	if len(t.knownHosts) == 0 {
		t.knownHosts = []string{filepath.Join(home, ".ssh/known_hosts")}
	}
	if t.timeout == 0 {
		t.timeout = 10 * time.Second
	}
	return t, nil
}
