// Package ssh is the fleet.Conn of a host reached over SSH: one connection and one exec per host, over which every
// script of a run travels; connections as seen from the host are channels of the same connection.
//
// It finds out how to reach a host (ssh_config, jump hosts), checks its key (known_hosts), authenticates (agent, key
// files, password), starts the shell of package shell and watches that the link is alive. It knows nothing of
// inventories, of what the scripts are for, and prints nothing itself: it asks through a Prompter.
package ssh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/shell"
	xssh "golang.org/x/crypto/ssh"
)

// Options of Dial. The zero value is usable: it asks nothing and refuses where it would have to.
type Options struct {
	// Auth holds what is shared by all hosts of a run: the agent, unlocked keys, passwords given. nil asks nobody.
	Auth *Auth
	// KnownHosts are the files to check host keys with, instead of those that ssh_config names. New keys go to the first.
	KnownHosts []string
	// ConfigFiles are read instead of ~/.ssh/config and /etc/ssh/ssh_config; an empty, non-nil slice reads none.
	ConfigFiles []string
	// AcceptNewHostKeys records the key of a host never seen before without asking. A changed key is refused all the same.
	AcceptNewHostKeys bool
	// ConnectTimeout is for each of TCP connect, handshake, and start of the shell, not counting time a person takes
	// to answer; 0 means ssh_config's, else 10 s.
	ConnectTimeout time.Duration
	// KeepAlive is how often the host is asked for a sign of life; 0 means ssh_config's ServerAliveInterval, else 10 s.
	// As many misses as its ServerAliveCountMax, else 3, end the connection.
	KeepAlive time.Duration
	// Logf, when set, tells what is tried. It never sees a secret.
	Logf func(format string, args ...any)
}

func (o Options) withDefaults() Options {
	if o.Auth == nil {
		o.Auth = NewAuth(nil)
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	return o
}

// Dial connects to the host and starts its shell. Errors do not begin with the name of the host; those a person can
// do something about carry a remedy, and one of the Err… values of this package or of package shell is in their chain.
func Dial(ctx context.Context, host fleet.Host, o Options) (fleet.Conn, error) {
	o = o.withDefaults()
	t, err := resolveHost(host, o)
	if err != nil {
		return nil, err
	}
	client, err := connect(ctx, t, o)
	if err != nil {
		return nil, err
	}
	c := newConn(client, t)
	if err := c.startShell(ctx, host, t, o); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// conn is one connection with its shell.
type conn struct {
	*shell.Session
	client     *client
	link       *link
	prohibited forwarding
}

func newConn(c *client, t target) *conn {
	return &conn{client: c, link: watch(c, t.alive, t.misses)}
}

func (c *conn) startShell(ctx context.Context, host fleet.Host, t target, o Options) error {
	session, err := c.client.NewSession()
	if err != nil {
		return fmt.Errorf("start shell: %w", sessionRefused(err))
	}
	pipes, err := c.pipes(session)
	if err == nil {
		err = session.Start(shell.Command(host.Sudo))
	}
	if err != nil {
		return fmt.Errorf("start shell: %w", err)
	}
	var sudo *trial
	c.Session, err = shell.Open(ctx, pipes, shell.Options{
		Timeout: 3 * t.timeout,
		Password: func(ctx context.Context) (text string, err error) {
			question := fmt.Sprintf("sudo password of %s (used on every host of this run that asks for it): ", t.login())
			text, sudo, err = o.Auth.password("sudo "+t.user).take(ctx, o.Auth, question)
			return text, err
		},
	})
	switch {
	case err == nil:
		sudo.judge(accepted, nil)
	case errors.Is(err, shell.ErrSudoWrong):
		sudo.judge(hopeless, fault.With(fmt.Errorf("%w: it was refused by %s and is not tried elsewhere", shell.ErrSudoWrong, t.name),
			"Run again with the right password."))
	default:
		sudo.judge(unknown, nil)
	}
	return err
}

func (c *conn) pipes(session *xssh.Session) (p shell.Pipes, err error) {
	if p.Stdin, err = session.StdinPipe(); err != nil {
		return p, err
	}
	if p.Stdout, err = session.StdoutPipe(); err != nil {
		return p, err
	}
	p.Stderr, err = session.StderrPipe()
	p.Close = c.client.Close
	p.Cause = c.link.lost
	return p, err
}

// Close ends the shell and the connection. It cannot fail in a way that matters to anybody.
func (c *conn) Close() error {
	c.link.stop()
	if c.Session != nil {
		_ = c.Session.Close()
	}
	_ = c.client.Close()
	return nil
}

var _ fleet.Conn = (*conn)(nil)
