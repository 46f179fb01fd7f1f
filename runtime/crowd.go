package runtime

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxConnections = 512 // as upstream's --web.max-connections
	// A connection without a whole request may be ended for another one after this. Younger ones were not idle: their request is on its way.
	makesRoomAfter = 200 * time.Millisecond
	// What a client may keep the monitor waiting for in all, beside a second for each of clientRate bytes.
	clientGrace = 30 * time.Second
	clientRate  = 100_000
)

// allowed is how long a client may take for n bytes, beside its grace.
func allowed(n int64) time.Duration { return time.Duration(n) * time.Second / clientRate }

// connections is how many clients are let in: upstream's number, but no more than half of the files that this process may have open,
// because data and targets need some, too.
func connections() int {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil || files.Cur/2 > maxConnections {
		return maxConnections
	}
	return max(int(files.Cur/2), 1) //nolint:gosec // at most 512
}

// crowd is a listener that lets in a number of connections. When it is full, the one that waits longest for its request, or for the rest of
// it, makes room: whoever holds connections idle, or trickles, does not keep others out.
type crowd struct {
	net.Listener
	most  int
	grace time.Duration // for taking an answer

	mu      sync.Mutex
	open    int
	waiting list.List     // of *client, without a request that is being answered; the longest first
	changed chan struct{} // one ended, or waits now
	done    chan struct{}
	once    sync.Once
}

func newCrowd(l net.Listener, most int, grace time.Duration) *crowd {
	return &crowd{Listener: l, most: most, grace: grace, changed: make(chan struct{}, 1), done: make(chan struct{})}
}

// Accept waits until there is room, and then for a connection.
func (c *crowd) Accept() (net.Conn, error) {
	for !c.room() {
		if c.evict() {
			continue
		}
		select {
		case <-c.changed:
		case <-time.After(makesRoomAfter): // one may be old enough by now
		case <-c.done:
			return nil, net.ErrClosed
		}
	}
	for {
		conn, err := c.Listener.Accept()
		if err == nil {
			return c.enter(conn), nil
		}
		outOfFiles := errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
		if !outOfFiles || !c.evict() {
			return nil, err // net/http waits a little, and tries again
		}
	}
}

// Close ends a waiting Accept, too.
func (c *crowd) Close() error {
	c.once.Do(func() { close(c.done) })
	return c.Listener.Close()
}

func (c *crowd) room() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open < c.most
}

// evict ends the connection that has waited longest, if it has waited long enough.
func (c *crowd) evict() bool {
	c.mu.Lock()
	var oldest *client
	if first := c.waiting.Front(); first != nil {
		if waits, ok := first.Value.(*client); ok && time.Since(waits.since) >= makesRoomAfter {
			oldest = waits
		}
	}
	c.mu.Unlock()
	if oldest == nil {
		return false
	}
	_ = oldest.Close() // who is cut off learns it from the connection
	return true
}

func (c *crowd) enter(conn net.Conn) *client {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open++
	cl := &client{Conn: conn, crowd: c}
	cl.wait()
	return cl
}

func (c *crowd) tell() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// client is a connection of a crowd. Its fields are guarded by the crowd's lock, but those of writing.
type client struct {
	net.Conn
	crowd *crowd

	place    *list.Element // in waiting
	since    time.Time     // when it began to wait
	requests int           // that are being answered: several by HTTP/2
	gone     bool

	writing sync.Mutex
	sent    int64 // of the present answer
	blocked time.Duration
}

// wait is called with the lock held.
func (c *client) wait() {
	c.since = time.Now()
	c.place = c.crowd.waiting.PushBack(c)
}

// begin says that a whole request is there, end that it is answered.
func (c *client) begin() {
	c.writing.Lock()
	c.sent, c.blocked = 0, 0
	c.writing.Unlock()
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	c.requests++
	if c.place != nil {
		c.crowd.waiting.Remove(c.place)
		c.place = nil
	}
}

func (c *client) end() {
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	if c.requests--; c.requests == 0 && !c.gone {
		c.wait()
		c.crowd.tell()
	}
}

// Close gives the place to another one.
func (c *client) Close() error {
	c.crowd.mu.Lock()
	if !c.gone {
		c.gone = true
		c.crowd.open--
		if c.place != nil {
			c.crowd.waiting.Remove(c.place)
			c.place = nil
		}
		c.crowd.tell()
	}
	c.crowd.mu.Unlock()
	return c.Conn.Close()
}

// Write ends when the client does not take the answer fast enough. What counts is the time that it kept the monitor waiting, not the
// time that the monitor took for the next part.
func (c *client) Write(p []byte) (n int, err error) {
	const part = 64 << 10 // so that a client that takes nothing of a large answer is not given the time for all of it
	c.writing.Lock()
	defer c.writing.Unlock()
	for err == nil && n < len(p) {
		began := time.Now()
		if err := c.SetWriteDeadline(began.Add(c.crowd.grace + allowed(c.sent) - c.blocked)); err != nil {
			return n, err
		}
		var took int
		took, err = c.Conn.Write(p[n:min(len(p), n+part)])
		n, c.sent, c.blocked = n+took, c.sent+int64(took), c.blocked+time.Since(began)
	}
	return n, err
}

type clientKey struct{}

// knownClient is the ConnContext of a server: requests know their connection by it.
func knownClient(ctx context.Context, conn net.Conn) context.Context {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	return context.WithValue(ctx, clientKey{}, conn)
}

// answering surrounds the answer to a request: its connection makes room for no other meanwhile.
func answering(r *http.Request) (end func()) {
	c, ok := r.Context().Value(clientKey{}).(*client)
	if !ok {
		return func() {}
	}
	c.begin()
	return c.end
}
