package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are a few of Grafana's own, with its names and labels (pkg/middleware/request_metrics.go,
// pkg/infra/metrics/metrics.go); the figures of the process and of the requests are the stand-in's.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newMetrics(s *server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "grafana_http_request_duration_seconds", Help: "Time of requests."}, []string{"handler", "method", "status_code"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "grafana_build_info", Help: "Stand-in.", ConstLabels: prometheus.Labels{"edition": "stand-in", "version": s.version}})
	build.Set(1)
	dashboards := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "grafana_stat_totals_dashboard", Help: "Dashboards."}, func() float64 {
		s.mu.RLock()
		defer s.mu.RUnlock()
		return float64(len(s.dashboards))
	})
	m.registry.MustRegister(m.requests, build, dashboards, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// handler answers without a login, as Grafana's does ([metrics] enabled = true by default).
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// measured counts the requests of a handler, under the pattern that it is known by.
func (m *metrics) measured(next *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := next.Handler(r)
		began := time.Now()
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(seen, r)
		m.requests.WithLabelValues(pattern, r.Method, strconv.Itoa(seen.code)).Observe(time.Since(began).Seconds())
	})
}

// status remembers the status of an answer.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}
