// Package prove asks the components themselves whether they work: ready endpoints, Prometheus' own view of its targets,
// Grafana's own view of its datasource. Every question is asked from the host, through its connection. The package
// changes nothing.
package prove

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Dialer reaches addresses as a host sees them; a fleet.Conn is one.
type Dialer interface {
	Dial(ctx context.Context, network, addr string) (net.Conn, error)
}

// Asker asks HTTP questions from one host. Its connections end with Close.
type Asker struct {
	client    *http.Client
	transport *http.Transport
}

// NewAsker asks through a host's connection.
func NewAsker(from Dialer) *Asker {
	t := &http.Transport{DialContext: from.Dial, DisableCompression: true, MaxIdleConnsPerHost: 2, ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10}
	return &Asker{client: &http.Client{Transport: t, Timeout: 10 * time.Second}, transport: t}
}

// Close drops the idle connections.
func (a *Asker) Close() { a.transport.CloseIdleConnections() }

// maxAnswer bounds what is read of an answer: 10,000 targets are about 10 MB.
const maxAnswer = 32 << 20

// Get returns the body of an answer with status 200.
func (a *Asker) Get(ctx context.Context, url string, header http.Header) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if header != nil {
		req.Header = header
	}
	return a.do(req)
}

// Post sends a body and returns the body of an answer with status 200.
func (a *Asker) Post(ctx context.Context, url, contentType string, body io.Reader) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	return a.do(req)
}

func (a *Asker) do(req *http.Request) ([]byte, error) {
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &StatusError{URL: req.URL.String(), Status: resp.StatusCode, Body: firstLine(body)}
	}
	return body, nil
}

// StatusError is an answer with another status than 200.
type StatusError struct {
	URL    string
	Status int
	Body   string // its first line
}

// Error shows the status and what the server said.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answers %d: %s", e.URL, e.Status, e.Body)
}

func firstLine(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	if len(line) > 200 {
		line = line[:200] + "…"
	}
	return line
}

// Ready waits until a path answers 200, or until gone says that waiting is pointless, or ctx ends.
func (a *Asker) Ready(ctx context.Context, url string, gone func(context.Context) error) error {
	var last error
	for n := 0; ; n++ {
		_, last = a.Get(ctx, url, nil)
		if last == nil {
			return nil
		}
		// A dead unit is asked about once a second, not ten times.
		if n%10 == 9 {
			if err := gone(ctx); err != nil {
				return err
			}
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return errors.Join(fmt.Errorf("not ready in time: %w", last), ctx.Err())
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
