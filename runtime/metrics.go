package runtime

import (
	"regexp"
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are those of the monitor that are not its parts'.
type metrics struct {
	configOK   prometheus.Gauge
	configTime prometheus.Gauge
	clockSteps *prometheus.CounterVec
}

func registerSelf(reg *prometheus.Registry, version string) metrics {
	m := metrics{
		configOK:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "prometheus_config_last_reload_successful", Help: "Whether the last configuration reload attempt was successful."}),
		configTime: prometheus.NewGauge(prometheus.GaugeOpts{Name: "prometheus_config_last_reload_success_timestamp_seconds", Help: "Timestamp of the last successful configuration reload."}),
		clockSteps: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "monctl_clock_steps_total", Help: "Steps of the wall clock seen while running."}, []string{"direction"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "prometheus_build_info", Help: "The release of Prometheus whose packages are built in, and the program they are built into.",
		ConstLabels: prometheus.Labels{"version": PrometheusVersion(), "program": "monctl " + version, "goversion": runtime.Version(), "goos": runtime.GOOS, "goarch": runtime.GOARCH},
	})
	build.Set(1)
	m.clockSteps.WithLabelValues("forward")
	m.clockSteps.WithLabelValues("backward")
	reg.MustRegister(m.configOK, m.configTime, m.clockSteps, build,
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(
			collectors.MetricsGC, collectors.MetricsScheduler,
			collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile(`^/sync/mutex/wait/total:seconds$`)},
		)),
	)
	return m
}

func (m *Monitor) reloaded(ok bool) {
	if !ok {
		m.metrics.configOK.Set(0)
		return
	}
	m.metrics.configOK.Set(1)
	m.metrics.configTime.Set(float64(m.o.Now().Unix()))
}

// PrometheusVersion is the release whose packages are built in: module v0.3YY.Z is Prometheus 3.YY.Z.
func PrometheusVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		if dep.Path == "github.com/prometheus/prometheus" {
			return moduleRelease(dep.Version)
		}
	}
	return "unknown"
}

var moduleVersion = regexp.MustCompile(`^v0\.3(\d\d)\.(\d+)$`)

func moduleRelease(version string) string {
	if m := moduleVersion.FindStringSubmatch(version); m != nil {
		minor := m[1]
		if minor[0] == '0' {
			minor = minor[1:]
		}
		return "3." + minor + "." + m[2]
	}
	return version
}
