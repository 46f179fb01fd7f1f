package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet/fault"
)

// final marks an error that a further try would only repeat.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// try calls do until it succeeds, fails for good or has failed too often without progress.
func (c *Client) try(ctx context.Context, do func() (progress bool, err error)) error {
	pause := c.Pause
	for failed := 0; ; {
		progress, err := do()
		if err == nil || ctx.Err() != nil || !passing(err) {
			if err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		if failed++; progress {
			failed, pause = 0, c.Pause
		}
		if failed >= c.Attempts {
			return fmt.Errorf("%w (tried %d times)", err, failed)
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// passing says whether an error may be gone at the next try.
func passing(err error) bool {
	var fin final
	var status *StatusError
	switch {
	case errors.As(err, &fin):
		return false
	case errors.As(err, &status):
		return status.Code >= 500 || status.Code == http.StatusTooManyRequests || status.Code == http.StatusRequestTimeout
	}
	var certificate *net.OpError
	if errors.As(err, &certificate) && certificate.Op == "remote error" {
		return false // a TLS alert
	}
	text := err.Error()
	return !strings.Contains(text, "redirected ") && !strings.Contains(text, "tls: ") && !strings.Contains(text, "unsupported protocol scheme")
}

// explain adds the remedy for an error of the network.
func explain(err error) error {
	var status *StatusError
	if err == nil || errors.Is(err, context.Canceled) || fault.Remedy(err) != "" {
		return err
	}
	if errors.As(err, &status) {
		switch status.Code {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
			return fault.With(err, "The server or a proxy on the way wants credentials or forbids the address. Set `mirror:` in monctl.yaml, or HTTPS_PROXY.")
		}
		return err
	}
	if strings.Contains(err.Error(), "redirected ") {
		return fault.With(err, "The server sends the request elsewhere: check `mirror:` in monctl.yaml, or the proxy.")
	}
	var u *url.Error
	if errors.As(err, &u) || errors.Is(err, errStalled) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.With(err, "Run it again: what arrived is kept. If this machine has no way to the internet, set HTTPS_PROXY, "+
			"or `mirror:` in monctl.yaml, or let the hosts download with `--fetch host`.")
	}
	return err
}

// isPage says whether a body begins like a web page: a login form or a proxy's notice answered with status 200.
func isPage(head []byte) bool {
	return strings.HasPrefix(http.DetectContentType(head), "text/html")
}
