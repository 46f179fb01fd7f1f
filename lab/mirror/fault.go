package mirror

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Fault makes the answers to some requests go wrong.
type Fault struct {
	// Path selects requests whose path contains it; empty selects all.
	Path string
	// Times limits the fault to the first so many selected requests; 0 means always.
	Times int64
	// Status, when not 0, is answered instead of the file.
	Status int
	// After so many bytes of the body the connection is cut, or hangs; 0 means never.
	After int64
	// Hang keeps the connection open and silent instead of cutting it.
	Hang bool
	// BytesPerSecond slows the body down; 0 means as fast as it goes.
	BytesPerSecond int64

	seen atomic.Int64
}

// WithFaults puts faults in front of a handler. The first that selects a request applies.
func WithFaults(next http.Handler, faults ...*Fault) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, f := range faults {
			if f.selects(r) {
				f.serve(next, w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Seen counts the requests the fault has selected, spent or not.
func (f *Fault) Seen() int64 { return f.seen.Load() }

func (f *Fault) selects(r *http.Request) bool {
	if !strings.Contains(r.URL.Path, f.Path) {
		return false
	}
	n := f.seen.Add(1)
	return f.Times == 0 || n <= f.Times
}

func (f *Fault) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if f.Status != 0 {
		http.Error(w, http.StatusText(f.Status), f.Status)
		return
	}
	next.ServeHTTP(&faultyWriter{ResponseWriter: w, request: r, fault: f, left: f.After}, r)
}

// faultyWriter passes on a body until its fault strikes.
type faultyWriter struct {
	http.ResponseWriter
	request *http.Request
	fault   *Fault
	left    int64
}

var errCut = errors.New("mirror: cut on purpose")

// Write fails when the fault strikes. The server then sees that less was sent
// than was announced, and drops the connection.
func (w *faultyWriter) Write(p []byte) (int, error) {
	if w.fault.After > 0 && int64(len(p)) >= w.left {
		n, _ := w.ResponseWriter.Write(p[:w.left])
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		w.left = 0
		if w.fault.Hang {
			<-w.request.Context().Done()
		}
		return n, errCut
	}
	w.left -= int64(len(p))
	n, err := w.ResponseWriter.Write(p)
	if rate := w.fault.BytesPerSecond; rate > 0 && err == nil {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		return n, w.pause(time.Duration(n) * time.Second / time.Duration(rate))
	}
	return n, err
}

// pause sleeps, but not longer than the client waits.
func (w *faultyWriter) pause(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-w.request.Context().Done():
		return w.request.Context().Err()
	}
}
