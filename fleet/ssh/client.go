package ssh

import (
	"context"
	"fmt"
	"net"

	xssh "golang.org/x/crypto/ssh"
)

// client is an authenticated connection and the ones it was made through.
type client struct {
	*xssh.Client
	wire *wire
	via  *client // the jump host; nil for a direct connection
}

// Close ends the connection and those below it.
func (c *client) Close() error {
	err := c.Client.Close()
	if c.via != nil {
		_ = c.via.Close()
	}
	return err
}

// connect logs in at the target, through its jump hosts if it has any.
func connect(ctx context.Context, t target, o Options) (*client, error) {
	var via *client
	for _, hop := range append(t.jump[:len(t.jump):len(t.jump)], t) {
		next, err := connectVia(ctx, via, hop, o)
		if err != nil {
			if via != nil {
				_ = via.Close()
			}
			return nil, err
		}
		via = next
	}
	return via, nil
}

func connectVia(ctx context.Context, via *client, t target, o Options) (*client, error) {
	o.Logf("connect to %s as %s", t.addr(), t.user)
	return handshake(ctx, via, t, o, (*login).checkHostKey)
}

// handshake connects and logs in; check decides about the key of the host.
func handshake(ctx context.Context, via *client, t target, o Options, check func(*login, net.Addr, xssh.PublicKey) error) (*client, error) {
	db, err := o.Auth.known.of(t.knownHosts)
	if err != nil {
		return nil, err
	}
	tcp, err := dialTCP(ctx, via, t)
	if err != nil {
		return nil, unreachable(t, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = tcp.Close() })
	defer stop()
	raw := &wire{Conn: tcp, timeout: t.timeout}
	raw.resume()
	l := &login{ctx: ctx, target: t, o: o, clock: raw}
	c, channels, requests, err := xssh.NewClientConn(raw, t.addr(), &xssh.ClientConfig{
		User:              t.user,
		AuthCallback:      l.next,
		HostKeyCallback:   func(_ string, remote net.Addr, key xssh.PublicKey) error { return check(l, remote, key) },
		HostKeyAlgorithms: hostKeyAlgorithms(db, t.keyName()),
		ClientVersion:     "SSH-2.0-monctl",
	})
	if err != nil {
		l.judge(unknown)
		_ = tcp.Close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connect to %s: %w", t.addr(), ctx.Err())
		}
		return nil, handshakeFailed(t, err, raw.greeting())
	}
	l.judge(accepted)
	raw.done()
	return &client{Client: xssh.NewClient(c, channels, requests), wire: raw, via: via}, nil
}

func dialTCP(ctx context.Context, via *client, t target) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	if via == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", t.addr())
	}
	return via.forward(ctx, "tcp", t.addr())
}
