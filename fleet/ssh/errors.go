package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/monctl/monctl/fleet/fault"
	xssh "golang.org/x/crypto/ssh"
)

// The causes for which a host cannot be reached, for errors.Is. The errors themselves carry detail and a remedy.
var (
	ErrName           = errors.New("host name does not resolve")
	ErrUnreachable    = errors.New("host is unreachable")
	ErrRefused        = errors.New("port refused the connection")
	ErrNotSSH         = errors.New("not an SSH server")
	ErrHandshake      = errors.New("SSH handshake failed")
	ErrAuth           = errors.New("login refused")
	ErrHostKeyUnknown = errors.New("host key is unknown")
	ErrHostKeyChanged = errors.New("host key has changed")
	ErrHostKeyInvalid = errors.New("host key is not acceptable")
	ErrLinkLost       = errors.New("link lost")
	ErrSessions       = errors.New("sshd refused to open a session")
	ErrForwarding     = errors.New("sshd forbids TCP forwarding")
	ErrConfig         = errors.New("ssh_config cannot be used")
)

// unreachable classifies a failed TCP connect.
func unreachable(t target, err error) error {
	addr := t.addr()
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("connect to %s: %w", addr, context.Canceled)
	case errors.As(err, &dns):
		return fault.With(fmt.Errorf("connect to %s: %w: %w", addr, ErrName, err),
			"Check the address in the inventory, or add the name to DNS, /etc/hosts or ~/.ssh/config.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fault.With(fmt.Errorf("connect to %s: %w", addr, ErrRefused),
			"Check that sshd runs on the host and that %s is its port (port: in the inventory).", t.port)
	default:
		if isTimeout(err) {
			err = fmt.Errorf("no answer within %s", t.timeout)
		}
		return fault.With(fmt.Errorf("connect to %s: %w: %w", addr, ErrUnreachable, err),
			"Check that the host is up, and that routes and firewalls let this machine reach port %s.", t.port)
	}
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &t) && t.Timeout()
}

// handshakeFailed classifies a failure after the TCP connect. greeting is the first bytes the host sent.
func handshakeFailed(t target, err error, greeting []byte) error {
	var f *fault.Error
	switch {
	case errors.As(err, &f): // born with its remedy: host key, login
		return fmt.Errorf("connect to %s: %w", t.addr(), f)
	case isTimeout(err) && len(greeting) == 0:
		err = fmt.Errorf("connect to %s: %w: it accepted the connection but sent nothing within %s", t.addr(), ErrNotSSH, t.timeout)
		return fault.With(err, "Check that %s is the port of sshd, and that the host is not overloaded.", t.port)
	case len(greeting) > 0 && !strings.Contains(string(greeting), "SSH-"):
		err = fmt.Errorf("connect to %s: %w: it said %q", t.addr(), ErrNotSSH, greeting)
		return fault.With(err, "Check that %s is the port of sshd (port: in the inventory).", t.port)
	case strings.Contains(strings.ToLower(err.Error()), "too many authentication failures"):
		return fault.With(fmt.Errorf("connect to %s: %w: too many keys were tried", t.addr(), ErrAuth),
			"Name the right key (key: in the inventory, or IdentityFile with IdentitiesOnly yes in ~/.ssh/config).")
	case len(greeting) == 0:
		err = fmt.Errorf("connect to %s: %w: it closed the connection without a greeting: %w", t.addr(), ErrHandshake, err)
		return fault.With(err, "sshd may be starting, out of slots (MaxStartups), or refuse this address (hosts.deny, fail2ban).")
	}
	return fault.With(fmt.Errorf("connect to %s: %w: %w", t.addr(), ErrHandshake, err), "See the log of sshd on the host: journalctl -u ssh")
}

// sessionRefused explains a session that sshd did not open.
func sessionRefused(err error) error {
	var open *xssh.OpenChannelError
	if !errors.As(err, &open) {
		return err
	}
	return fault.With(fmt.Errorf("%w: %s", ErrSessions, open.Message), "Raise MaxSessions in sshd_config on the host to at least 2.")
}
