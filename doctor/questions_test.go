package doctor

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/monctl/monctl/doctor/clock"
)

// near dials from this machine, as a host's connection does from the host.
type near struct{ net.Dialer }

func (n near) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.DialContext(ctx, network, address)
}

func questionsTo(base string) (*Questions, Component) {
	h := newHost(Target{})
	c := Component{Kind: "prometheus", Name: "prometheus", Running: true, Base: base, Replies: map[string]Reply{}}
	h.Components = []Component{c}
	return newQuestions(h, near{}, clock.NewWatch()), c
}

// TestReplies asks servers that answer well, badly, too much, half, in TLS, and not at all.
func TestReplies(t *testing.T) {
	answer := func(f http.HandlerFunc) string {
		s := httptest.NewServer(f)
		t.Cleanup(s.Close)
		return s.URL
	}
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "over TLS") }))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	for name, c := range map[string]struct {
		base        string
		status      int
		body, fails string
	}{
		"well":     {base: answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }), status: 200, body: "ok"},
		"HTML":     {base: answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }), status: 200, body: "<html>"},
		"refused":  {base: "http://127.0.0.1:1", fails: "refused"},
		"too much": {base: answer(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 10<<20)) }), status: 200, fails: "longer than 8 MiB"},
		"half": {base: answer(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
		}), status: 200, fails: "broke off"},
		"redirect": {base: answer(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }), status: 302},
		"TLS":      {base: strings.Replace(secure.URL, "https:", "http:", 1), status: 200, body: "over TLS"},
		"nowhere":  {base: "", fails: "listens nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			q, component := questionsTo(c.base)
			defer q.close()
			r := q.Get(t.Context(), component, "/x")
			if r.Status != c.status || c.body != "" && r.Body != c.body || !strings.Contains(r.Err, c.fails) || c.fails == "" && r.Err != "" || c.fails != "" && r.Body != "" {
				t.Errorf("got status %d, %d bytes, error %q", r.Status, len(r.Body), r.Err)
			}
			if c.status != 0 && (r.Sent.IsZero() || r.Received.Before(r.Sent)) {
				t.Errorf("sent %v, received %v", r.Sent, r.Received)
			}
		})
	}
}

// TestAskedOnce: however many checks ask the same at once, the component is asked once.
func TestAskedOnce(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1) }))
	defer s.Close()
	q, c := questionsTo(s.URL)
	defer q.close()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { q.Get(t.Context(), c, "/x") })
		wg.Go(func() { q.Dial(t.Context(), s.Listener.Addr().String()) })
		wg.Go(func() { q.Note("a/b", "key", "value") })
	}
	wg.Wait()
	if asked.Load() != 1 || c.Replies["/x"].Status != 200 || !q.host.Reached[s.Listener.Addr().String()].OK || q.host.Notes["a/b"]["key"] != "value" {
		t.Errorf("asked %d times; %+v", asked.Load(), q.host)
	}
	if r := q.Dial(t.Context(), "127.0.0.1:1"); r.OK || r.Kind != ReachRefused {
		t.Errorf("got %+v", r)
	}
}
