package runtime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// PortError is an address that cannot be listened on.
type PortError struct {
	Address, Holder string // Holder is "process 12 (prometheus)" or "a process of user anna", or "" when nobody holds it or it cannot be seen
	Cause           error
}

func (e *PortError) Error() string {
	why := e.Cause
	var op *net.OpError
	if errors.As(e.Cause, &op) {
		why = op.Err // without the address, which stands before it
	}
	switch {
	case e.Holder != "":
		return fmt.Sprintf("listen on %s: taken by %s", e.Address, e.Holder)
	case errors.Is(e.Cause, syscall.EADDRINUSE):
		return fmt.Sprintf("listen on %s: taken by another process", e.Address)
	case errors.Is(e.Cause, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("listen on %s: this machine does not have that address", e.Address)
	case errors.Is(e.Cause, syscall.EACCES):
		return fmt.Sprintf("listen on %s: not permitted to %s: ports below 1024 are root's, or need CAP_NET_BIND_SERVICE", e.Address, currentUser())
	}
	return fmt.Sprintf("listen on %s: %s", e.Address, why)
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

	most atomic.Int64 // bytes of one answer; 0 is no limit

	mu    sync.Mutex
	conns map[*tracked]bool
	ended bool
}

// tracked is a connection that its dialer can close.
type tracked struct {
	net.Conn
	dialer *dialer
	got    atomic.Int64 // bytes since something was sent
}

// Read ends an answer that is longer than any that is allowed. Upstream's scraper stores no more of it, but reads on until the scrape's
// time is over: a target that streams for ever would take the time of a whole processor.
func (c *tracked) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	most := c.dialer.most.Load()
	if got := c.got.Add(int64(n)); err == nil && most > 0 && got > most {
		return n, fmt.Errorf("more than %d bytes in one answer", most)
	}
	return n, err
}

// Write begins a new answer.
func (c *tracked) Write(p []byte) (int, error) {
	c.got.Store(0)
	return c.Conn.Write(p)
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
	c := &tracked{Conn: conn, dialer: d}
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
