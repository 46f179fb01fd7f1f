package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// maxRequest is the largest body of a request, in bytes: what upstream's receiver of remote write takes.
const maxRequest = 32 << 20

// wholeRequests answers requests when their bodies have arrived. Until then they hold no slot of queries or of remote read, and their connection
// may have to make room. Upstream's handlers read while they hold a slot: ten clients that trickle are the end of all remote reads.
func wholeRequests(h http.Handler, grace time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code, err := receive(w, r, grace); err != nil {
			w.Header().Set("Connection", "close")
			http.Error(w, err.Error(), code)
			return
		}
		defer answering(r)()
		h.ServeHTTP(w, r)
	})
}

// receive reads the body of a request, and puts it in its place. An error comes with its status.
func receive(w http.ResponseWriter, r *http.Request, grace time.Duration) (code int, err error) {
	if r.ContentLength > maxRequest {
		return http.StatusRequestEntityTooLarge, fmt.Errorf("a request of %d bytes is larger than the %d that are accepted", r.ContentLength, maxRequest)
	}
	control := http.NewResponseController(w)
	var body bytes.Buffer
	for began := time.Now(); r.ContentLength != 0; {
		if err := control.SetReadDeadline(began.Add(grace + allowed(int64(body.Len())))); err != nil {
			return http.StatusInternalServerError, fmt.Errorf("read the request: %w", err)
		}
		const part = 64 << 10
		_, err := io.CopyN(&body, r.Body, part)
		if body.Len() > maxRequest {
			return http.StatusRequestEntityTooLarge, fmt.Errorf("a request of more than the %d bytes that are accepted", maxRequest)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return http.StatusRequestTimeout, fmt.Errorf("the request did not arrive: %d bytes in %s", body.Len(), time.Since(began).Round(time.Millisecond))
		}
		if err != nil {
			return http.StatusBadRequest, fmt.Errorf("read the request: %w", err)
		}
	}
	r.Body = io.NopCloser(&body)
	// A query may take longer than its request. With a deadline of the past the server would believe that its client has left.
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		return http.StatusInternalServerError, fmt.Errorf("read the request: %w", err)
	}
	return 0, nil
}
