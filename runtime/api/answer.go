package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/httputil"
)

// answer is the good result of an endpoint. Without data the response is 204.
type answer struct {
	data     any
	warnings annotations.Annotations
	close    func() // called when the data is written; nil for nothing
}

// body is the JSON of every response.
type body struct {
	Status    string   `json:"status"`
	Data      any      `json:"data,omitempty"`
	ErrorType string   `json:"errorType,omitempty"`
	Error     string   `json:"error,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	Infos     []string `json:"infos,omitempty"`
}

// failure is an error with the type and the HTTP status that upstream gives it.
type failure struct {
	kind  string
	code  int
	cause error
}

func (f *failure) Error() string { return f.cause.Error() }
func (f *failure) Unwrap() error { return f.cause }

const statusClientClosed = 499 // nginx's, for a client that left

func badData(err error) error  { return &failure{"bad_data", http.StatusBadRequest, err} }
func internal(err error) error { return &failure{"internal", http.StatusInternalServerError, err} }

func unavailable(err error) error {
	return &failure{"unavailable", http.StatusInternalServerError, err}
}

func execution(err error) error { return &failure{"execution", http.StatusUnprocessableEntity, err} }

func badParameter(err error, name string) error {
	return badData(fmt.Errorf("invalid parameter %q: %w", name, err))
}

// failed sorts an error of the engine or the storage.
func failed(err error) error {
	var (
		canceled promql.ErrQueryCanceled
		timeout  promql.ErrQueryTimeout
		storage  promql.ErrStorage
	)
	switch {
	case errors.As(err, &canceled), errors.Is(err, context.Canceled) && !errors.As(err, &timeout) && !errors.As(err, &storage):
		return &failure{"canceled", statusClientClosed, err}
	case errors.As(err, &timeout):
		return &failure{"timeout", http.StatusServiceUnavailable, err}
	case errors.As(err, &storage):
		return internal(err)
	case errors.Is(err, context.DeadlineExceeded): // of one that waited for its turn; upstream says 422 to it, as to a query that makes no sense
		return &failure{"timeout", http.StatusServiceUnavailable, fmt.Errorf("query timed out before it began: %w", err)}
	}
	return execution(err)
}

// handler makes the http.Handler of an endpoint.
func (a *API) handler(serve func(*http.Request) (*answer, error)) http.Handler {
	return httputil.CompressionHandler{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil { // FormValue says nothing of it, and the query would seem to be empty
			a.respondError(w, badData(fmt.Errorf("error parsing form values: %w", err)))
			return
		}
		got, err := serve(r)
		if err != nil {
			a.respondError(w, err)
			return
		}
		if got.close != nil {
			defer got.close()
		}
		if got.data == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		a.respond(w, r, got)
	})}
}

func (a *API) respond(w http.ResponseWriter, r *http.Request, got *answer) {
	const most = 10 // of each kind, as upstream
	warnings, infos := got.warnings.AsStrings(r.FormValue("query"), most, most)
	text, err := encoding.Marshal(&body{Status: "success", Data: got.data, Warnings: warnings, Infos: infos})
	if err != nil {
		a.Log.Error("API: encode", "url", r.URL, "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	a.write(w, http.StatusOK, text)
}

func (a *API) respondError(w http.ResponseWriter, err error) {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{"internal", http.StatusInternalServerError, err}
	}
	if errors.Is(err, tsdb.ErrNotReady) {
		f = &failure{"unavailable", http.StatusInternalServerError, f.cause}
	}
	const enough = 4096 // some errors repeat the whole query
	text, err := encoding.Marshal(&body{Status: "error", ErrorType: f.kind, Error: beginning(f.Error(), enough)})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	a.write(w, f.code, text)
}

func (a *API) write(w http.ResponseWriter, code int, text []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if _, err := w.Write(text); err != nil {
		a.Log.Debug("API: the client left", "err", err)
	}
}
