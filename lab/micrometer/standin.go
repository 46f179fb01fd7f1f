// Package micrometer is a stand-in for an app with Spring Boot Actuator, as far as its metrics go. No JVM is run.
package micrometer

import (
	"fmt"
	"net/http"
	"time"
)

// Standin answers as Spring Boot's /actuator/prometheus does after some requests: names and labels are those of
// Micrometer's documentation (JVM, Tomcat, Logback, HikariCP), the values are made up. An app without a database pool
// lacks the last part.
func Standin(w http.ResponseWriter, _ *http.Request) {
	n := float64(time.Now().UnixMilli()%1e9) / 100 // ten of everything a second
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	for _, s := range []struct {
		name   string
		labels string
		value  float64
	}{
		{"http_server_requests_seconds_count", `exception="none",method="GET",outcome="SUCCESS",status="200",uri="/"`, n},
		{"http_server_requests_seconds_sum", `exception="none",method="GET",outcome="SUCCESS",status="200",uri="/"`, n / 50},
		{"http_server_requests_seconds_max", `exception="none",method="GET",outcome="SUCCESS",status="200",uri="/"`, 0.21},
		{"http_server_requests_seconds_count", `exception="IllegalStateException",method="GET",outcome="SERVER_ERROR",status="500",uri="/broken"`, n / 20},
		{"http_server_requests_seconds_sum", `exception="IllegalStateException",method="GET",outcome="SERVER_ERROR",status="500",uri="/broken"`, n / 900},
		{"jvm_memory_used_bytes", `area="heap",id="G1 Eden Space"`, 1.2e8},
		{"jvm_memory_used_bytes", `area="heap",id="G1 Old Gen"`, 9e7},
		{"jvm_memory_used_bytes", `area="nonheap",id="Metaspace"`, 6e7},
		{"jvm_memory_committed_bytes", `area="heap",id="G1 Eden Space"`, 1.6e8},
		{"jvm_memory_committed_bytes", `area="heap",id="G1 Old Gen"`, 1.1e8},
		{"jvm_memory_max_bytes", `area="heap",id="G1 Eden Space"`, -1},
		{"jvm_memory_max_bytes", `area="heap",id="G1 Old Gen"`, 5e8},
		{"jvm_gc_pause_seconds_sum", `action="end of minor GC",cause="G1 Evacuation Pause",gc="G1 Young Generation"`, n / 1000},
		{"jvm_gc_pause_seconds_count", `action="end of minor GC",cause="G1 Evacuation Pause",gc="G1 Young Generation"`, n / 10},
		{"jvm_threads_states_threads", `state="runnable"`, 9},
		{"jvm_threads_states_threads", `state="waiting"`, 12},
		{"jvm_threads_states_threads", `state="blocked"`, 0},
		{"process_cpu_usage", "", 0.12},
		{"system_cpu_usage", "", 0.31},
		{"process_uptime_seconds", "", 3600},
		{"logback_events_total", `level="info"`, n},
		{"logback_events_total", `level="error"`, n / 20},
		{"hikaricp_connections_active", `pool="HikariPool-1"`, 3},
		{"hikaricp_connections_idle", `pool="HikariPool-1"`, 7},
		{"hikaricp_connections_max", `pool="HikariPool-1"`, 10},
		{"hikaricp_connections_pending", `pool="HikariPool-1"`, 0},
		{"hikaricp_connections_acquire_seconds_sum", `pool="HikariPool-1"`, n / 2000},
		{"hikaricp_connections_acquire_seconds_count", `pool="HikariPool-1"`, n},
	} {
		fmt.Fprintf(w, "%s{%s} %g\n", s.name, s.labels, s.value)
	}
}
