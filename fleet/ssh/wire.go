package ssh

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// wire is the connection below SSH. It limits how long the handshake may take, without counting the time a person needs
// to answer a question, remembers how the host greeted, and counts what passes.
type wire struct {
	net.Conn
	timeout time.Duration
	passed  atomic.Int64 // bytes both ways: what was written has left our buffers, so that the host took what was before it

	failed atomic.Bool // a read failed: nothing will come any more

	mu    sync.Mutex
	first []byte
	over  bool // the handshake
}

// pause stops the clock; resume starts it anew.
func (w *wire) pause()  { _ = w.SetDeadline(time.Time{}) }
func (w *wire) resume() { _ = w.SetDeadline(time.Now().Add(w.timeout)) }

// forget lets a close throw away what the kernel has taken and not delivered. Otherwise the rest of a stream could still
// arrive, and be applied, when a link comes back long after it was given up.
func (w *wire) forget() {
	if tcp, ok := w.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// done ends the limit and the remembering.
func (w *wire) done() {
	w.pause()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over, w.first = true, nil
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.passed.Add(int64(n))
	if err != nil {
		w.failed.Store(true)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if room := 80 - len(w.first); !w.over && room > 0 {
		w.first = append(w.first, p[:min(n, room)]...)
	}
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.passed.Add(int64(n))
	return n, err
}

func (w *wire) greeting() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first
}
