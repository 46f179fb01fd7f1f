package runtime

import (
	"log/slog"
	"net/http"

	"github.com/monctl/monctl/runtime/host"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// hostMetrics serves node_exporter's metrics from a registry of their own, as node_exporter does.
func hostMetrics(log *slog.Logger) (http.Handler, error) {
	reg := prometheus.NewRegistry()
	if err := host.Register(reg, log.With("component", "host")); err != nil {
		return nil, err
	}
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
	}), nil
}
