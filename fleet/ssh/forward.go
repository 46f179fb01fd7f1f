package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	xssh "golang.org/x/crypto/ssh"
)

// forward opens a direct-tcpip channel: a connection as seen from the server. The result has working deadlines.
func (c *client) forward(ctx context.Context, network, addr string) (net.Conn, error) {
	ch, err := c.DialContext(ctx, network, addr)
	if err != nil {
		return nil, forwardFailed(network, addr, err)
	}
	return withDeadlines(ch, addr), nil
}

// forwarding remembers that the server forbids it, so that it is not asked again.
type forwarding struct{ atomic.Bool }

// Dial implements fleet.Conn.
func (c *conn) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if !c.prohibited.Load() {
		conn, err := c.client.forward(ctx, network, addr)
		if !errors.Is(err, ErrForwarding) {
			return conn, err
		}
		c.prohibited.Store(true)
	}
	return c.client.relay(ctx, network, addr)
}

// forwardFailed gives the error of a channel the meaning that a local connect would have given it.
func forwardFailed(network, addr string, err error) error {
	var open *xssh.OpenChannelError
	if !errors.As(err, &open) {
		return fmt.Errorf("dial %s from the host: %w", addr, err)
	}
	op := &net.OpError{Op: "dial", Net: network, Addr: address(addr), Err: errors.New(open.Message)}
	switch text := strings.ToLower(open.Message); {
	case open.Reason == xssh.Prohibited:
		op.Err = ErrForwarding
	case strings.Contains(text, "refused"):
		op.Err = syscall.ECONNREFUSED
	case strings.Contains(text, "timed out"), strings.Contains(text, "timeout"):
		op.Err = os.ErrDeadlineExceeded
	case strings.Contains(text, "no route"):
		op.Err = syscall.EHOSTUNREACH
	case strings.Contains(text, "unreachable"):
		op.Err = syscall.ENETUNREACH
	case strings.Contains(text, "resol"), strings.Contains(text, "name"):
		op.Err = &net.DNSError{Err: open.Message, Name: addr, IsNotFound: true}
	}
	return fmt.Errorf("from the host: %w", op)
}

// address is an address by its text.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

// deadlineConn is a channel as a net.Conn with working deadlines, which net/http relies on: one end of a net.Pipe whose
// other end is copied to and from the channel.
type deadlineConn struct {
	net.Conn
	remote address
}

// RemoteAddr is the address as seen from the host.
func (c *deadlineConn) RemoteAddr() net.Addr { return c.remote }

// withDeadlines takes over ch. Both copies end when either side closes.
func withDeadlines(ch io.ReadWriteCloser, addr string) net.Conn {
	ours, theirs := net.Pipe()
	go func() {
		_, _ = io.Copy(theirs, ch)
		_ = theirs.Close()
	}()
	go func() {
		_, _ = io.Copy(ch, theirs)
		_ = ch.Close()
		_ = theirs.Close()
	}()
	return &deadlineConn{Conn: ours, remote: address(addr)}
}
