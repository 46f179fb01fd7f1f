package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func loopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serve runs a tunnel; end ends it and waits for it.
func serve(t *testing.T, dial Dial, failed func(error)) (address string, end func() error) {
	t.Helper()
	l := loopback(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, dial, failed) }()
	return l.Addr().String(), func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(10 * time.Second):
			return errors.New("it does not end")
		}
	}
}

func to(address string) Dial {
	return func(ctx context.Context) (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, "tcp", address) }
}

func TestCarriesHTTP(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page of ", r.URL.Path) }))
	defer page.Close()
	address, end := serve(t, to(page.Listener.Addr().String()), func(err error) { t.Error(err) })
	for n := range 20 {
		resp, err := http.Get(fmt.Sprintf("http://%s/%d", address, n)) //nolint:noctx // loopback
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != fmt.Sprintf("page of /%d", n) {
			t.Errorf("got %q", body)
		}
	}
	if err := end(); err != nil { // with idle connections open
		t.Error(err)
	}
}

// TestHalfClosed: the end of what one side says reaches the other, which may still answer.
func TestHalfClosed(t *testing.T) {
	far := loopback(t)
	go func() {
		c, err := far.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		all, _ := io.ReadAll(c)
		_, _ = c.Write([]byte(strings.ToUpper(string(all))))
	}()
	address, end := serve(t, to(far.Addr().String()), func(err error) { t.Error(err) })
	c, err := net.Dial("tcp", address) //nolint:noctx // loopback
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write([]byte("question"))
	_ = c.(*net.TCPConn).CloseWrite()
	if answer, err := io.ReadAll(c); err != nil || string(answer) != "QUESTION" {
		t.Errorf("%q, %v", answer, err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// TestEndsWithConnectionsOpen: nobody has to hang up first.
func TestEndsWithConnectionsOpen(t *testing.T) {
	far := loopback(t) // accepts and says nothing
	address, end := serve(t, to(far.Addr().String()), func(error) {})
	c, err := net.Dial("tcp", address) //nolint:noctx // loopback
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := end(); err != nil {
		t.Error(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("still open: %v", err)
	}
}

func TestFarEndThatIsGone(t *testing.T) {
	var reported atomic.Int32
	gone := errors.New("connection refused")
	address, end := serve(t, func(context.Context) (net.Conn, error) { return nil, gone }, func(err error) {
		if errors.Is(err, gone) {
			reported.Add(1)
		}
	})
	for range 2 { // the second shows that the first ended nothing else
		c, err := net.Dial("tcp", address) //nolint:noctx // loopback
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Error(err)
		}
		c.Close()
	}
	if err := end(); err != nil || reported.Load() != 2 {
		t.Errorf("%v, %d reported", err, reported.Load())
	}
}
