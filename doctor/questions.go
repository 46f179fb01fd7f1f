package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet/ssh"
	"github.com/monctl/monctl/installer/prove"
)

// MaxBody bounds what is kept of an HTTP answer. A longer one is an error: half an answer is none.
const MaxBody = 8 << 20

// How long one question may take: an answer of a component, and a connection to another host. A connection that a firewall
// drops never answers; the kernel's second SYN goes out after 1 s, the third after 3 s.
const (
	answerWithin = 6 * time.Second
	dialWithin   = 3 * time.Second
)

// Questions asks the components of one host through its connection. Every answer is kept in the Host, and the same
// question is asked once, however many checks ask it. It is safe for use by several goroutines.
type Questions struct {
	host      *Host
	from      prove.Dialer
	watch     clock.Watch
	client    *http.Client
	transport *http.Transport
	own       *Own // nil is none
	ownClient *http.Client
	*shared
}

// shared guards what the Questions of one host have in common.
type shared struct {
	mu    sync.Mutex
	asked map[string]*sync.Once
}

func newQuestions(h *Host, from prove.Dialer, watch clock.Watch) *Questions {
	t := &http.Transport{
		DialContext: from.Dial, DisableCompression: true, MaxIdleConnsPerHost: 2, ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10,
		// What is examined is whether and how it answers; a certificate that is wrong is a finding, not an obstacle.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Questions{
		host: h, from: from, watch: watch, transport: t, shared: &shared{asked: map[string]*sync.Once{}},
		client: &http.Client{Transport: t, CheckRedirect: stay},
	}
}

// ownIs has the questions to a component of this process answered in memory.
func (q *Questions) ownIs(own *Own) {
	if own == nil {
		return
	}
	t := q.transport.Clone()
	t.DialContext = own.Dial
	q.own, q.ownClient = own, &http.Client{Transport: t, CheckRedirect: q.client.CheckRedirect}
}

// about is the same questions, to a host as it is seen by who asks.
func (q *Questions) about(h *Host) *Questions {
	same := *q
	same.host = h
	return &same
}

func (q *Questions) close() {
	q.client.CloseIdleConnections()
	if q.ownClient != nil {
		q.ownClient.CloseIdleConnections()
	}
}

// clientFor is who puts questions to a component.
func (q *Questions) clientFor(c Component) *http.Client {
	if q.own.is(c) {
		return q.ownClient
	}
	return q.client
}

// Host is what is known so far. Its maps are not to be touched while checks ask.
func (q *Questions) Host() Host { return *q.host }

// Here is this machine's time, as Reply.Sent has it.
func (q *Questions) Here() time.Time { return q.watch.Now() }

// once does what a key stands for, once, and waits for whoever does it already.
func (q *Questions) once(key string, do func()) {
	q.mu.Lock()
	o := q.asked[key]
	if o == nil {
		o = new(sync.Once)
		q.asked[key] = o
	}
	q.mu.Unlock()
	o.Do(do)
}

// Get asks a component's API: path "/api/v1/status/tsdb" below its Base. The reply is in its Replies.
func (q *Questions) Get(ctx context.Context, c Component, path string) Reply {
	if c.Base == "" {
		return Reply{Err: "it listens nowhere"}
	}
	q.once(c.Name+" "+path, func() {
		r := q.get(ctx, q.clientFor(c), c.Base+path)
		// Go's servers answer so to plain HTTP on a TLS port (net/http/server.go).
		if r.Status == http.StatusBadRequest && strings.Contains(r.Body, "HTTP request to an HTTPS server") {
			r = q.get(ctx, q.client, strings.Replace(c.Base, "http:", "https:", 1)+path)
		}
		q.keep(func() { c.Replies[path] = r })
	})
	q.mu.Lock()
	defer q.mu.Unlock()
	return c.Replies[path]
}

// Page asks any URL as the host reaches it. The reply is in Host.Pages.
func (q *Questions) Page(ctx context.Context, url string) Reply {
	q.once("page "+url, func() {
		r := q.get(ctx, q.client, url)
		q.keep(func() { q.host.Pages[url] = r })
	})
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.host.Pages[url]
}

// Dial tries a TCP connection from the host to host:port. The outcome is in Host.Reached.
func (q *Questions) Dial(ctx context.Context, address string) Reached {
	q.once("dial "+address, func() {
		r := q.dial(ctx, address)
		q.keep(func() { q.host.Reached[address] = r })
	})
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.host.Reached[address]
}

// Note keeps a fact for Judge in Host.Notes of the check.
func (q *Questions) Note(check, key, value string) {
	q.keep(func() {
		if q.host.Notes[check] == nil {
			q.host.Notes[check] = map[string]string{}
		}
		q.host.Notes[check][key] = value
	})
}

func (q *Questions) keep(do func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	do()
}

func (q *Questions) get(ctx context.Context, client *http.Client, url string) (r Reply) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	// The server reads its clock after the connection is there and before its first byte arrives.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              func(httptrace.GotConnInfo) { r.Sent = q.watch.Now() },
		GotFirstResponseByte: func() { r.Received = q.watch.Now() },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Reply{Err: err.Error()}
	}
	resp, err := client.Do(req)
	if err != nil {
		return Reply{Err: says(ctx, err)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	r.Status, r.Type, r.Date = resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("Date")
	switch {
	case err != nil:
		r.Err = "the answer broke off: " + says(ctx, err)
	case len(body) > MaxBody:
		r.Err = fmt.Sprintf("the answer is longer than %d MiB", MaxBody>>20)
	default:
		r.Body = string(body)
	}
	return r
}

// says is a network error without the URL that the reader knows.
func says(ctx context.Context, err error) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %v", answerWithin)
	}
	text := err.Error()
	if _, after, ok := strings.Cut(text, `": `); ok {
		text = after
	}
	return text
}

func (q *Questions) dial(ctx context.Context, address string) Reached {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	began := time.Now()
	conn, err := q.from.Dial(ctx, "tcp", address)
	r := Reached{OK: err == nil, Kind: kindOfDial(err), Took: time.Since(began).Round(time.Microsecond)}
	if err != nil {
		r.Err = err.Error()
		return r
	}
	_ = conn.Close()
	return r
}

func kindOfDial(err error) ReachKind {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case err == nil:
		return ReachOK
	case errors.Is(err, ssh.ErrForwarding):
		return ReachForbidden
	case errors.Is(err, syscall.ECONNREFUSED):
		return ReachRefused
	case errors.As(err, &dns):
		return ReachNoName
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return ReachUnroutable
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return ReachTimeout
	}
	return ReachFailed
}
