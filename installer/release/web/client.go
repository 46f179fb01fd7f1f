// Package web asks HTTP servers for small texts and large files, patiently with slow ones and briefly with dead
// ones. It knows nothing of releases: what a file should contain is its caller's business.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client holds the patience with servers. Use New.
type Client struct {
	HTTP     *http.Client
	Stall    time.Duration // give up on a transfer that has been silent this long; slow ones go on
	Attempts int           // tries per request; a try that brought Progress bytes does not count
	Pause    time.Duration // before the second try, doubled before each further one
}

// Redirects is how many redirects are followed; GitHub needs one.
const Redirects = 10

// keepGoing is the number of bytes after which a cut transfer counts as progress, not as a failed try.
const keepGoing = 1 << 20

var errStalled = errors.New("the server went silent")

// New returns a client with the proxy settings of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).
func New() *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 4
	return &Client{
		HTTP:  &http.Client{Transport: transport, CheckRedirect: checkRedirect},
		Stall: 30 * time.Second, Attempts: 4, Pause: 500 * time.Millisecond,
	}
}

func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= Redirects {
		return fmt.Errorf("redirected %d times", Redirects)
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("redirected from https to %s", req.URL.Redacted())
	}
	return nil
}

// StatusError is an answer that is not a success.
type StatusError struct {
	URL  string // without password
	Code int    // HTTP status
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: %d %s", e.URL, e.Code, strings.ToLower(http.StatusText(e.Code)))
}

// Missing says whether a server answered that the address does not exist.
func Missing(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusGone)
}

// Text returns the body of a small document, at most limit bytes.
func (c *Client) Text(ctx context.Context, address string, limit int64) ([]byte, error) {
	var text []byte
	err := c.try(ctx, func() (progress bool, err error) {
		text, err = c.text(ctx, address, limit)
		return false, err
	})
	return text, explain(err)
}

func (c *Client) text(ctx context.Context, address string, limit int64) ([]byte, error) {
	a, err := c.ask(ctx, c.HTTP, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	defer a.close()
	if a.StatusCode != http.StatusOK {
		return nil, a.status()
	}
	body, err := io.ReadAll(io.LimitReader(a, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.address, err)
	}
	if int64(len(body)) > limit {
		return nil, final{fmt.Errorf("%s: is larger than %d bytes", a.address, limit)}
	}
	if isPage(body) {
		return nil, final{fmt.Errorf("%s: is a web page, not a file", a.address)}
	}
	return body, nil
}

// Location returns where an address redirects to, without going there.
func (c *Client) Location(ctx context.Context, address string) (string, error) {
	still := *c.HTTP
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var location string
	err := c.try(ctx, func() (progress bool, err error) {
		a, err := c.ask(ctx, &still, http.MethodHead, address, nil)
		if err != nil {
			return false, err
		}
		defer a.close()
		if a.StatusCode >= 400 {
			return false, a.status()
		}
		u, err := a.Location()
		if err != nil {
			return false, final{fmt.Errorf("%s: answered %d instead of a redirect", a.address, a.StatusCode)}
		}
		location = u.String()
		return false, nil
	})
	return location, explain(err)
}

// answer is a response whose context ends when the server stays silent for too long.
type answer struct {
	*http.Response
	address string // without password
	alive   func()
	stop    func()
	cause   func() error
}

func (c *Client) ask(ctx context.Context, client *http.Client, method, address string, header http.Header) (*answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	watch := time.AfterFunc(c.Stall, func() { cancel(errStalled) })
	a := &answer{
		alive: func() { watch.Reset(c.Stall) },
		stop:  func() { watch.Stop(); cancel(nil) },
		cause: func() error { return context.Cause(ctx) },
	}
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		a.stop()
		return nil, final{fmt.Errorf("address: %w", err)}
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "monctl")
	req.Header.Set("Accept-Encoding", "identity") // a compressed transfer of a tar.gz would be unpacked on the way
	a.address = req.URL.Redacted()
	a.Response, err = client.Do(req) //nolint:bodyclose // the answer owns it: close
	if err != nil {
		cause := a.cause()
		a.stop()
		if errors.Is(cause, errStalled) {
			err = fmt.Errorf("%s: %w for %s", a.address, errStalled, c.Stall)
		}
		return nil, err
	}
	return a, nil
}

func (a *answer) Read(p []byte) (int, error) {
	n, err := a.Body.Read(p)
	if n > 0 {
		a.alive()
	}
	if err != nil && err != io.EOF && errors.Is(a.cause(), errStalled) {
		err = errStalled
	}
	return n, err
}

func (a *answer) close() {
	a.stop()
	a.Body.Close()
}

func (a *answer) status() error { return &StatusError{URL: a.address, Code: a.StatusCode} }
