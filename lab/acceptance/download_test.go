package acceptance

import (
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// TestMirrorGoesDown: what arrived before the mirror went down is not downloaded again.
func TestMirrorGoesDown(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	before := stateOf(t, h)
	r := releaseOf(t, "node_exporter", "1.12.1", "amd64")
	c := newController(t, only(h, "node_exporter"))
	c.flags["cache-dir"] = t.TempDir()

	dying := &limited{path: r.Path(), left: r.Size / 2}
	address := dying.start(t, "0")
	c.flags["mirror"] = "http://" + address
	c.run(t, "install", "--yes").want(t, failed, r.File(), "what arrived is kept")
	same(t, h, before)

	_, port, _ := net.SplitHostPort(address)
	alive := &limited{path: r.Path(), left: 1 << 40}
	alive.start(t, port)
	c.run(t, "install", "--yes").want(t, done, "installed and proven")
	if again := alive.sent.Load(); again > r.Size*6/10 || again < r.Size*4/10 {
		t.Errorf("%d of %d bytes were downloaded after the first half had arrived", again, r.Size)
	}

	// Another host finds the archive on this machine.
	nothing := &limited{path: r.Path()}
	c.flags["mirror"] = "http://" + nothing.start(t, "0")
	on(t, h, wipe)
	c.run(t, "install", "--yes").want(t, done, "installed and proven")
	if sent := nothing.sent.Load(); sent != 0 {
		t.Errorf("%d bytes were downloaded again", sent)
	}
}

// limited is a mirror that dies for good once it has sent so much of a path.
type limited struct {
	path   string
	left   int64
	sent   atomic.Int64
	server *http.Server
}

func (l *limited) start(t *testing.T, port string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(lab.Gateway(), port))
	if err != nil {
		t.Fatal(err)
	}
	l.server = &http.Server{Handler: l}
	t.Cleanup(func() { _ = l.server.Close() })
	go func() { _ = l.server.Serve(listener) }()
	return listener.Addr().String()
}

func (l *limited) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == l.path {
		w = &limitedWriter{w, l}
	}
	lab.mirror.Handler().ServeHTTP(w, r)
}

type limitedWriter struct {
	http.ResponseWriter
	limit *limited
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	l := w.limit
	if l.sent.Load() >= l.left {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		_ = l.server.Close()
		return 0, http.ErrAbortHandler
	}
	n, err := w.ResponseWriter.Write(p)
	l.sent.Add(int64(n))
	return n, err
}

// TestFetchHost: with fetch: host the archives do not pass this machine.
func TestFetchHost(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, "fetch: host\n"+only(h, "node_exporter"))
	c.flags["cache-dir"] = t.TempDir()
	before := stateOf(t, h)
	c.run(t, "install", "--yes").want(t, failed, "neither curl nor wget", "fetch: controller")
	same(t, h, before)

	giveWget(t, h)
	var from atomic.Value
	r := releaseOf(t, "node_exporter", "1.12.1", "amd64")
	c.flags["mirror"] = serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path == r.Path() {
			from.Store(request.RemoteAddr)
		}
		lab.mirror.Handler().ServeHTTP(w, request)
	}))
	c.run(t, "install", "--yes").want(t, done, "installed and proven")
	if client, _ := from.Load().(string); !strings.HasPrefix(client, h.Address+":") {
		t.Errorf("the archive was downloaded by %q, not by %s", client, h.Address)
	}
	c.run(t, "plan").want(t, done)
	on(t, h, wipe)

	// A host does not believe what it downloads either.
	with := stateOf(t, h)
	c.replaced(t, r, archiveOf(t, releaseOf(t, "node_exporter", "1.9.0", "amd64")), false)
	c.run(t, "install", "--yes").want(t, failed, "checksum mismatch", "it is as it was")
	same(t, h, with)
}

// giveWget copies a real wget to a host: that of busybox.
func giveWget(t *testing.T, h interface{ Root() string }) {
	t.Helper()
	text, err := os.ReadFile(lab.busybox)
	if err != nil {
		t.Fatal(err)
	}
	path := h.Root() + "/usr/local/bin/wget"
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(path) })
}
