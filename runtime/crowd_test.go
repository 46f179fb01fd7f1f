package runtime

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// shortGrace is what clients of these tests may keep a server waiting for.
const shortGrace = 300 * time.Millisecond

// crowded is a server with room for a few connections, made as the monitor's is.
func crowded(t *testing.T, most int, h http.HandlerFunc) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: wholeRequests(h, shortGrace), ReadHeaderTimeout: time.Minute, ReadTimeout: shortGrace, ConnContext: knownClient}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(newCrowd(smallBuffers{l}, most, shortGrace)) }()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	return l.Addr().String()
}

// smallBuffers keeps the kernel from taking megabytes of an answer that the client does not read: the server allows a second for each 100 kB.
type smallBuffers struct{ net.Listener }

func (l smallBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(4 << 10)
	}
	return conn, err
}

// says connects and sends a text.
func says(t *testing.T, address, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }

// answerTo reads one answer from a connection.
func answerTo(t *testing.T, conn net.Conn) (int, string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// Whoever holds connections without a whole request does not keep others out.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":      "",
		"half a line":  "GET / HT",
		"half headers": "GET / HTTP/1.1\r\nHost: a\r\nX: ",
		"half a body":  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
		"kept alive":   "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := crowded(t, 3, hello)
			for range 20 {
				says(t, address, text)
			}
			if code, body := answerTo(t, says(t, address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")); code != http.StatusOK || body != "hello" {
				t.Errorf("%d %q", code, body)
			}
		})
	}
}

// A connection whose request is being answered makes no room: others wait.
func TestAnswersAreNotCutForOthers(t *testing.T) {
	t.Parallel()
	begun, release := make(chan bool, 3), make(chan bool)
	address := crowded(t, 2, func(w http.ResponseWriter, r *http.Request) {
		begun <- true
		<-release
		hello(w, r)
	})
	const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	first, second := says(t, address, request), says(t, address, request)
	<-begun
	<-begun
	third := says(t, address, request)
	time.Sleep(makesRoomAfter + shortGrace) // longer than an idle one would have lived, and than a request may take to arrive
	close(release)
	for _, conn := range []net.Conn{first, second, third} {
		if code, body := answerTo(t, conn); code != http.StatusOK || body != "hello" {
			t.Errorf("%d %q", code, body)
		}
	}
}

// A body that trickles is refused, whatever the path, and a body that comes in time is there for its handler.
func TestBodiesArriveOrAreRefused(t *testing.T) {
	t.Parallel()
	address := crowded(t, 10, func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %v", text, err)
	})
	conn := says(t, address, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
	go func() {
		for _, err := io.WriteString(conn, "x"); err == nil; _, err = io.WriteString(conn, "x") {
			time.Sleep(10 * time.Millisecond)
		}
	}()
	if code, body := answerTo(t, conn); code != http.StatusRequestTimeout || !strings.Contains(body, "the request did not arrive") {
		t.Errorf("trickled: %d %q", code, body)
	}
	for name, c := range map[string]struct {
		request, want string
		code          int
	}{
		"with a length": {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "abc <nil>", http.StatusOK},
		"in chunks":     {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "abc <nil>", http.StatusOK},
		"none":          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", " <nil>", http.StatusOK},
		"of a GET":      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "abc <nil>", http.StatusOK},
		"too large":     {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n", "a request of 100000000 bytes is larger than the 33554432 that are accepted\n", http.StatusRequestEntityTooLarge},
		"no chunks":     {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "read the request: invalid byte in chunk length\n", http.StatusBadRequest},
	} {
		if code, body := answerTo(t, says(t, address, c.request)); code != c.code || body != c.want {
			t.Errorf("%s: %d %q", name, code, body)
		}
	}
}

// An answer may take longer than a request may, and one that is not taken ends.
func TestAnswersAreTakenOrCut(t *testing.T) {
	t.Parallel()
	left := make(chan error, 1)
	address := crowded(t, 10, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			select {
			case <-r.Context().Done():
			case <-time.After(3 * shortGrace):
				hello(w, r)
			}
		case "/large":
			_, err := w.Write(make([]byte, 64<<20)) // more than the buffers of a kernel
			left <- err
		}
	})
	for _, request := range []string{"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"} {
		if code, body := answerTo(t, says(t, address, request)); code != http.StatusOK || body != "hello" {
			t.Errorf("%.20s: %d %q", request, code, body)
		}
	}
	says(t, address, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
	if err := <-left; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an answer that nobody takes: %v", err)
	}
}

// The end of a listener is the end of one that waits for room.
func TestFullCrowdCloses(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := newCrowd(l, 1, shortGrace)
	says(t, l.Addr().String(), "")
	if _, err := c.Accept(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		for {
			if _, err := c.Accept(); err != nil {
				ended <- err
				return
			}
		}
	}()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-ctx.Done():
		t.Fatal("it waits on")
	}
}
