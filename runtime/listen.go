package runtime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
)

// PortError is an address that cannot be listened on.
type PortError struct {
	Address, Holder string // Holder is "process 12 (prometheus)", or "" when nobody holds it or it cannot be seen
	Cause           error
}

func (e *PortError) Error() string {
	if e.Holder != "" {
		return fmt.Sprintf("listen on %s: taken by %s", e.Address, e.Holder)
	}
	return fmt.Sprintf("listen on %s: %s", e.Address, e.Cause)
}

// Unwrap gives the cause.
func (e *PortError) Unwrap() error { return e.Cause }

func listen(address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err == nil {
		return l, nil
	}
	wrong := &PortError{Address: address, Cause: err}
	if errors.Is(err, syscall.EADDRINUSE) {
		if _, port, err := net.SplitHostPort(address); err == nil {
			wrong.Holder = holderOfPort(port)
		}
	}
	return nil, wrong
}

// pipeListener accepts connections from within the process.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "memory" }
func (pipeAddr) String() string  { return SelfAddress }

// dial connects to the listener.
func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dialer is the scrape manager's way to targets: this process without a socket, all others by TCP. It can cut them all,
// because the manager waits for running scrapes when it stops.
type dialer struct {
	self *pipeListener

	mu    sync.Mutex
	conns map[*tracked]bool
	ended bool
}

// tracked is a connection that its dialer can close.
type tracked struct {
	net.Conn
	dialer *dialer
}

// Close forgets the connection, too.
func (c *tracked) Close() error {
	c.dialer.mu.Lock()
	delete(c.dialer.conns, c)
	c.dialer.mu.Unlock()
	return c.Conn.Close()
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	var err error
	if address == SelfAddress {
		conn, err = d.self.dial(ctx)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	c := &tracked{conn, d}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return nil, join(net.ErrClosed, conn.Close())
	}
	if d.conns == nil {
		d.conns = map[*tracked]bool{}
	}
	d.conns[c] = true
	return c, nil
}

// cut closes all connections, and those to come.
func (d *dialer) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	for c := range d.conns {
		c.Conn.Close() //nolint:errcheck // it ends a scrape, whose error tells
	}
}

// join adds the error of cleaning up to the one that made it necessary, keeping the first alone when cleaning worked.
func join(err, cleanup error) error {
	if cleanup == nil {
		return err
	}
	return errors.Join(err, cleanup)
}
