package doctor

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// freePort is a port that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// startReal starts a program that ends with the test.
func startReal(t *testing.T, cmd *exec.Cmd) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return &out
}

// stopReal ends a program, so that all it wrote is there.
func stopReal(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
}

// until waits for something to become true.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatal("it did not happen within 30 s")
}

// waitFor waits until an address answers with 200.
func waitFor(t *testing.T, url string) {
	t.Helper()
	until(t, func() bool {
		r, err := http.Get(url) //nolint:noctx
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
}

// realAnswers asks what a check asks, and reads /metrics, over real connections from here.
func realAnswers(t *testing.T, h *Host, c Check) {
	t.Helper()
	q := newQuestions(h, fromHere{}, clock.NewWatch())
	defer q.close()
	if c.Ask != nil {
		c.Ask(t.Context(), q)
	}
	for i := range h.Components {
		if r := q.Get(t.Context(), h.Components[i], "/metrics"); r.Status == http.StatusOK {
			h.Components[i].Metrics = ParseMetrics(r.Body)
		}
	}
}

// fromHere connects from this machine.
type fromHere struct{ net.Dialer }

func (f fromHere) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return f.DialContext(ctx, network, address)
}
