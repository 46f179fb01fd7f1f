package fleettest

import (
	"net"
	"sync/atomic"
	"time"
)

// faults are what is wrong with the link; they hold for connections that are open and for those to come.
type faults struct {
	cutAfter atomic.Int64 // bytes from the client after which the link is cut; 0 is never
	rate     atomic.Int64 // bytes per second from the client; 0 is no limit
	frozen   atomic.Bool
}

// Cut resets every open connection, as a lost link does. New connections work.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.reset()
	}
}

// CutAfter cuts each link once the client has sent that many bytes over it, encrypted bytes of the handshake included.
// 0 ends the fault.
func (s *Server) CutAfter(bytes int64) { s.fault.cutAfter.Store(bytes) }

// Slow limits each link to so many bytes a second from the client. 0 ends the fault.
func (s *Server) Slow(bytesPerSecond int64) { s.fault.rate.Store(bytesPerSecond) }

// Freeze makes the host vanish without a word: nothing is read or written any more, no connection is closed.
func (s *Server) Freeze() { s.fault.frozen.Store(true) }

func (s *Server) register(tcp net.Conn) *faultyConn {
	c := &faultyConn{Conn: tcp, fault: &s.fault, closed: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = true
	return c
}

func (s *Server) forget(c *faultyConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	_ = c.Close()
}

// faultyConn is the server's end of one link.
type faultyConn struct {
	net.Conn
	fault  *faults
	read   atomic.Int64
	ended  atomic.Bool
	closed chan struct{}
}

func (c *faultyConn) Read(p []byte) (int, error) {
	rate := c.fault.rate.Load()
	if rate > 0 {
		p = p[:max(1, min(int64(len(p)), rate/20))]
	}
	n, err := c.Conn.Read(p)
	c.thaw()
	if rate > 0 {
		time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
	}
	total := c.read.Add(int64(n))
	if after := c.fault.cutAfter.Load(); after > 0 && total >= after {
		c.reset()
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *faultyConn) Write(p []byte) (int, error) {
	c.thaw()
	return c.Conn.Write(p)
}

// thaw waits while the link is frozen, until it is closed.
func (c *faultyConn) thaw() {
	if c.fault.frozen.Load() {
		<-c.closed
	}
}

// reset closes with RST, so that the client sees the cut at once.
func (c *faultyConn) reset() {
	_ = c.Conn.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

func (c *faultyConn) Close() error {
	if c.ended.CompareAndSwap(false, true) {
		close(c.closed)
	}
	return c.Conn.Close()
}
