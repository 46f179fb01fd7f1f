package api

import (
	"net/http"
	"strings"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/util/httputil"
)

// Bounds of remote read, upstream's defaults (--storage.remote.read-*).
const (
	readSamples     = 50_000_000
	readConcurrency = 10
	readFrame       = 1 << 20
)

// Register adds the API and federation to a mux.
func (a *API) Register(mux *http.ServeMux) {
	measured := a.measure()
	for _, e := range a.endpoints() {
		h := measured("/api/v1"+strings.ReplaceAll(strings.ReplaceAll(e.path, "{", ":"), "}", ""), a.handler(e.serve))
		for method := range strings.FieldsSeq(e.methods) {
			mux.Handle(method+" /api/v1"+e.path, h)
		}
	}
	mux.Handle("POST /api/v1/read", measured("/api/v1/read", a.guardedReads(
		remote.NewReadHandler(a.Log, a.Registerer, a.Storage, a.Config, readSamples, readConcurrency, readFrame))))
	mux.Handle("POST /api/v1/write", measured("/api/v1/write", a.writeHandler()))
	mux.Handle("GET /federate", measured("/federate", httputil.CompressionHandler{Handler: http.HandlerFunc(a.federate)}))
}

func (a *API) writeHandler() http.Handler {
	if !a.Write {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "remote write receiver needs to be enabled with --remote-write-receiver", http.StatusNotFound)
		})
	}
	both := remoteapi.MessageTypes{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType}
	return guardedWrites(remote.NewWriteHandler(a.Log, a.Registerer, writable{a.Storage, a.WriteLimits}, both, false, false, false))
}

// measure gives handlers upstream's metrics of HTTP requests.
func (a *API) measure() func(name string, h http.Handler) http.Handler {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "prometheus_http_requests_total", Help: "Counter of HTTP requests.",
	}, []string{"handler", "code"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "prometheus_http_request_duration_seconds", Help: "Histogram of latencies for HTTP requests.",
		Buckets: []float64{.1, .2, .4, 1, 3, 8, 20, 60, 120},
	}, []string{"handler"})
	a.Registerer.MustRegister(requests, seconds)
	return func(name string, h http.Handler) http.Handler {
		labels := prometheus.Labels{"handler": name}
		return promhttp.InstrumentHandlerCounter(requests.MustCurryWith(labels), promhttp.InstrumentHandlerDuration(seconds.MustCurryWith(labels), h))
	}
}
