package runtime

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// running starts a monitor on free ports, waits until it is ready, and ends it with the test.
func running(t *testing.T, o Options) *Monitor {
	t.Helper()
	m, stop := started(t, o)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Run: %s", err)
		}
	})
	return m
}

// started is running with an end that the test chooses.
func started(t *testing.T, o Options) (m *Monitor, stop func() error) {
	t.Helper()
	if o.Data == "" {
		o.Data = filepath.Join(t.TempDir(), "data")
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	m, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- m.Run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("Run ended before it was ready: %v", err)
	}
	return m, func() error { cancel(); return <-ended }
}

// get asks a monitor and gives status and body.
func get(t *testing.T, m *Monitor, path string) (int, string) {
	t.Helper()
	return ask(t, m, http.MethodGet, path, nil)
}

func ask(t *testing.T, m *Monitor, method, path string, body io.Reader) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(m.URL().String(), "/")+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(req)
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

// until waits for something that must come; it fails after a time that only a broken program needs.
func until(t *testing.T, what string, come func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !come(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
	}
}

// file writes a file of the test and gives its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// exposing is a target with a fixed exposition.
func exposing(t *testing.T, text string) (address string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprint(w, text)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestServesItselfAndItsHost(t *testing.T) {
	m := running(t, Options{HostMetrics: true})
	until(t, "both targets up", func() bool {
		_, body := get(t, m, "/api/v1/query?query=count(up==1)")
		return strings.Contains(body, `"2"`)
	})
	for _, name := range []string{"node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "node_filesystem_avail_bytes", "node_network_receive_bytes_total", "node_uname_info", "prometheus_tsdb_head_series"} {
		if _, body := get(t, m, "/api/v1/query?query=count("+name+")"); strings.Contains(body, `"result":[]`) {
			t.Errorf("no %s", name)
		}
	}
	for _, path := range []string{"/-/ready", "/-/healthy", "/metrics", "/node/metrics", "/api/monctl/clock", "/"} {
		if code, body := get(t, m, path); code != http.StatusOK || body == "" {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
}

// textLog writes a log where a test can read it, after what writes it has ended or in the same goroutine.
func textLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(&locked{w: w}, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
