package runtime

import (
	"log/slog"
	"net/http"

	"github.com/monctl/monctl/runtime/host"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// hostMetrics are node_exporter's metrics, in a registry of their own.
func hostMetrics(log *slog.Logger) (*prometheus.Registry, error) {
	reg := prometheus.NewRegistry()
	return reg, host.Register(reg, log.With("component", "host"))
}

// serveHost serves metrics of the host as node_exporter does: what one collector cannot read costs the others nothing.
func serveHost(metrics prometheus.Gatherer, log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(metrics, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
	})
}
