package ssh_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/ssh"
)

// eachWay runs a test with forwarding and with the relay that replaces it.
func eachWay(t *testing.T, test func(t *testing.T, c fleet.Conn)) {
	for name, o := range map[string]fleettest.Options{"forward": {}, "relay": {NoForwarding: true}} {
		t.Run(name, func(t *testing.T) { test(t, dial(t, fleettest.Start(t, o))) })
	}
}

func TestHTTP(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}))
	defer web.Close()
	eachWay(t, func(t *testing.T, c fleet.Conn) {
		client := &http.Client{Transport: &http.Transport{DialContext: c.Dial}, Timeout: 20 * time.Second}
		defer client.CloseIdleConnections()
		body := strings.Repeat("echo ", 100_000)
		for range 3 {
			r, err := client.Post(web.URL, "text/plain", strings.NewReader(body))
			must(t, err)
			got, err := io.ReadAll(r.Body)
			_ = r.Body.Close()
			if err != nil || string(got) != body {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		}
		// The shell is not in the way.
		if got, err := c.Run(t.Context(), fleet.Cmd{Script: "echo ok"}); err != nil || got.Stdout != "ok\n" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestDialRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	eachWay(t, func(t *testing.T, c fleet.Conn) {
		if conn, err := c.Dial(t.Context(), "tcp", l.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %v, %v", conn, err)
		}
	})
}

func TestDialIsNotAShell(t *testing.T) {
	mark := t.TempDir() + "/mark"
	eachWay(t, func(t *testing.T, c fleet.Conn) {
		for _, addr := range []string{"x$(touch " + mark + "):1", "';touch " + mark + ";':1", "127.0.0.1:$(touch " + mark + ")"} {
			if conn, err := c.Dial(t.Context(), "tcp", addr); err == nil {
				_ = conn.Close()
			}
		}
		if _, err := os.Stat(mark); err == nil {
			t.Fatal("an address was run as a command")
		}
	})
}

func TestDeadlines(t *testing.T) {
	silent := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	addr := net.JoinHostPort(silent.Address, strconv.Itoa(silent.Port))
	eachWay(t, func(t *testing.T, c fleet.Conn) {
		conn, err := c.Dial(t.Context(), "tcp", addr)
		must(t, err)
		defer conn.Close()
		must(t, conn.SetReadDeadline(time.Now().Add(30*time.Millisecond)))
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if _, err := conn.Write([]byte("x")); err != nil {
			t.Errorf("write after a read deadline: %v", err)
		}
	})
}

// TestEndsAreSeen: either side sees that the other has closed.
func TestEndsAreSeen(t *testing.T) {
	seen := make(chan error, 1)
	speaker := listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "bye") })
	waiter := listen(t, func(c net.Conn) {
		_, err := io.Copy(io.Discard, c)
		seen <- err
	})
	eachWay(t, func(t *testing.T, c fleet.Conn) {
		conn, err := c.Dial(t.Context(), "tcp", net.JoinHostPort(speaker.Address, strconv.Itoa(speaker.Port)))
		must(t, err)
		defer conn.Close()
		must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		if got, err := io.ReadAll(conn); err != nil || string(got) != "bye" {
			t.Errorf("got %q, %v", got, err)
		}
		conn, err = c.Dial(t.Context(), "tcp", net.JoinHostPort(waiter.Address, strconv.Itoa(waiter.Port)))
		must(t, err)
		must(t, conn.Close())
		select {
		case <-seen:
		case <-time.After(20 * time.Second):
			t.Error("the server does not see our close")
		}
	})
}

func TestDialCancelled(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	c := dial(t, s)
	s.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := c.Dial(ctx, "tcp", "127.0.0.1:1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestNoForwardingAndOneSession(t *testing.T) {
	c := dial(t, fleettest.Start(t, fleettest.Options{NoForwarding: true, MaxSessions: 1}))
	_, err := c.Dial(t.Context(), "tcp", "127.0.0.1:1")
	if !errors.Is(err, ssh.ErrForwarding) || !errors.Is(err, ssh.ErrSessions) {
		t.Errorf("got %v", err)
	}
}
