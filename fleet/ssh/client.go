package ssh

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	xssh "golang.org/x/crypto/ssh"
)

// client is an authenticated connection and the ones it was made through.
type client struct {
	*xssh.Client
	via *client // the jump host; nil for a direct connection
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
	raw := &handshakeConn{Conn: tcp, timeout: t.timeout}
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
		_ = tcp.Close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connect to %s: %w", t.addr(), ctx.Err())
		}
		return nil, handshakeFailed(t, err, raw.greeting())
	}
	raw.done()
	return &client{Client: xssh.NewClient(c, channels, requests), via: via}, nil
}

func dialTCP(ctx context.Context, via *client, t target) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	if via == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", t.addr())
	}
	return via.forward(ctx, "tcp", t.addr())
}

// handshakeConn limits how long the handshake may take, without counting the time a person needs to answer a question,
// and remembers how the host greeted.
type handshakeConn struct {
	net.Conn
	timeout time.Duration

	mu    sync.Mutex
	first []byte
	over  bool
}

// pause stops the clock; resume starts it anew.
func (c *handshakeConn) pause()  { _ = c.SetDeadline(time.Time{}) }
func (c *handshakeConn) resume() { _ = c.SetDeadline(time.Now().Add(c.timeout)) }

// done ends the limit and the remembering.
func (c *handshakeConn) done() {
	c.pause()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over, c.first = true, nil
}

func (c *handshakeConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if room := 80 - len(c.first); !c.over && room > 0 {
		c.first = append(c.first, p[:min(n, room)]...)
	}
	return n, err
}

func (c *handshakeConn) greeting() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first
}
