package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/skeema/knownhosts"
	xssh "golang.org/x/crypto/ssh"
)

// HostKey is what a host shows to prove who it is, before anybody logged in.
type HostKey struct {
	Name        string // as known_hosts has it: host or [host]:port
	Type        string // ssh-ed25519 …
	Fingerprint string // SHA256:…
	Known       bool   // it is in known_hosts already
	File        string // where Trust would record it

	key    xssh.PublicKey
	target target
}

// FetchHostKey connects to a host (through its jump hosts, whose keys must be known), takes the key it shows and breaks
// off before logging in. A key that differs from the known one is an error, as in Dial.
func FetchHostKey(ctx context.Context, host fleet.Host, o Options) (HostKey, error) {
	o = o.withDefaults()
	t, err := resolveHost(host, o)
	if err != nil {
		return HostKey{}, err
	}
	var via *client
	if n := len(t.jump); n > 0 {
		last := t.jump[n-1]
		last.jump = t.jump[:n-1]
		if via, err = connect(ctx, last, o); err != nil {
			return HostKey{}, err
		}
		defer via.Close()
	}
	return fetch(ctx, via, t, o)
}

// Trust records the key in the first known_hosts file of its host. The caller has shown the fingerprint to a person.
func Trust(k HostKey, o Options) error {
	o = o.withDefaults()
	if k.Known {
		return nil
	}
	if err := o.Auth.known.add(k.File, k.target.keyName(), k.target.hashKnown, k.key); err != nil {
		return fault.With(fmt.Errorf("record host key: %w", err), "Make the file writable or name another one with UserKnownHostsFile.")
	}
	return nil
}

var errEnough = errors.New("host key seen")

func fetch(ctx context.Context, via *client, t target, o Options) (HostKey, error) {
	k := HostKey{Name: knownhosts.Normalize(t.keyName()), File: t.knownHosts[0], target: t}
	c, err := handshake(ctx, via, t, o, func(l *login, remote net.Addr, key xssh.PublicKey) error {
		k.key, k.Type, k.Fingerprint = key, key.Type(), xssh.FingerprintSHA256(key)
		err := l.verify(remote, key)
		if k.Known = err == nil; k.Known || errors.Is(err, ErrHostKeyUnknown) {
			return errEnough
		}
		return err
	})
	if err == nil {
		_ = c.Close()
		return k, nil
	}
	if errors.Is(err, errEnough) {
		return k, nil
	}
	return HostKey{}, err
}
