package dashboards

// springBoot shows what Micrometer's Prometheus registry gives without any configuration of the app, so no percentiles:
// they are there only with management.metrics.distribution.percentiles-histogram.
func springBoot() Board {
	const (
		one    = `{instance="$instance"}`
		rate   = `{instance="$instance"}[$__rate_interval]`
		heap   = `{instance="$instance", area="heap"}`
		noPool = "this app has no database pool (HikariCP)"
	)
	return Board{
		File: "apps/dashboards/spring-boot.json", UID: "monctl-spring-boot", Title: "Spring Boot", Scope: `application="$application"`,
		About: "One instance of an app with Spring Boot Actuator: its requests, the JVM below, its database pool.",
		Variables: []Variable{
			{Name: "application", Label: "App", Source: metrics, Query: `label_values(jvm_memory_used_bytes{application!=""}, application)`},
			{Name: "instance", Label: "Instance", Source: metrics, Query: `label_values(jvm_memory_used_bytes{application="$application"}, instance)`},
		},
		Rows: []Row{
			{Height: 4, Panels: []Panel{
				stat("State", "none", see("Whether the app answered the last scrape.", "TargetDown"), ask(`up`+one, "")).words(upOrDown).wantsOne(),
				stat("Up for", "s", "Time since the JVM was started.", ask(`process_uptime_seconds`+one, "")),
				stat("Requests", "reqps", "Answered each second.", ask(`sum(rate(http_server_requests_seconds_count`+rate+`))`, "")).otherwise("no request yet"),
				stat("Errors", "", "Share of the requests that were answered with 5xx.",
					ask(`(sum(rate(http_server_requests_seconds_count{instance="$instance", status=~"5.."}[$__rate_interval])) or vector(0)) / (sum(rate(http_server_requests_seconds_count`+rate+`)) > 0)`, "")).share().from("0.01", "0.05").otherwise("no request"),
				stat("Heap", "", "Share of the heap that is used. It rises and falls with the collections; look at the graph.", ask(`sum(jvm_memory_used_bytes`+heap+`) / sum(jvm_memory_max_bytes`+heap+` > 0)`, "")).share().from("0.85", "0.95").otherwise("the heap has no limit (-Xmx)"),
				stat("CPU", "", "Share of all processors that the JVM uses.", ask(`process_cpu_usage`+one, "")).share().from("0.8", "0.95"),
			}},
			{Title: "Requests", Panels: []Panel{
				graph("Requests", "reqps", "Answered each second, by path. Paths are templates (/orders/{id}), so there are few.",
					ask(`topk(10, sum by (uri) (rate(http_server_requests_seconds_count`+rate+`)))`, "{{uri}}")).zero().otherwise("no request in this time"),
				graph("Errors", "reqps", "Requests answered with 4xx or 5xx, by status and exception.",
					ask(`sum by (status, exception) (rate(http_server_requests_seconds_count{instance="$instance", status=~"[45].."}[$__rate_interval]))`, "{{status}} {{exception}}")).zero().otherwise("no errors"),
				graph("Time of an answer", "s", "Average by path, and the slowest of the last minutes.",
					ask(`topk(5, sum by (uri) (rate(http_server_requests_seconds_sum`+rate+`)) / (sum by (uri) (rate(http_server_requests_seconds_count`+rate+`)) > 0))`, "{{uri}}"),
					ask(`max(http_server_requests_seconds_max`+one+`)`, "slowest")).zero().otherwise("no request in this time"),
			}},
			{Title: "All instances of the app", Panels: []Panel{
				graph("Requests by instance", "reqps", "Whether the work is shared evenly.", ask(`sum by (instance) (rate(http_server_requests_seconds_count{}[$__rate_interval]))`, "{{instance}}")).zero().otherwise("no request in this time"),
				graph("Errors by instance", "reqps", "Requests answered with 5xx.", ask(`sum by (instance) (rate(http_server_requests_seconds_count{status=~"5.."}[$__rate_interval]))`, "{{instance}}")).zero().otherwise("no errors"),
				graph("Heap by instance", "bytes", "Used heap.", ask(`sum by (instance) (jvm_memory_used_bytes{area="heap"})`, "{{instance}}")).zero(),
			}},
			{Title: "JVM", Panels: []Panel{
				graph("Heap", "bytes", "Used and reserved. When the lowest points after collections rise all the time, memory leaks.",
					ask(`sum(jvm_memory_used_bytes`+heap+`)`, "used"), ask(`sum(jvm_memory_committed_bytes`+heap+`)`, "reserved"), ask(`sum(jvm_memory_max_bytes`+heap+` > 0)`, "limit")).zero(),
				graph("Outside of the heap", "bytes", "Classes, compiled code and the like.", ask(`jvm_memory_used_bytes{instance="$instance", area="nonheap"}`, "{{id}}")).zero(),
				graph("Time in collections", "", "Share of the time in which the app stood still for the garbage collector.", ask(`sum by (action) (rate(jvm_gc_pause_seconds_sum`+rate+`))`, "{{action}}")).ratio().otherwise("no collection yet"),
			}},
			{Panels: []Panel{
				graph("Threads", "none", "By state. Many blocked ones wait for each other.", ask(`jvm_threads_states_threads`+one+` > 0`, "{{state}}")).zero(),
				graph("CPU", "", "Share of all processors that the JVM and the whole host use.", ask(`process_cpu_usage`+one, "JVM"), ask(`system_cpu_usage`+one, "host")).share(),
				graph("Logged", "ops", "Lines of the log each second, by level.", ask(`sum by (level) (rate(logback_events_total`+rate+`))`, "{{level}}")).zero().otherwise("this app does not log with Logback"),
			}},
			{Title: "Database pool", Panels: []Panel{
				graph("Connections", "none", "At the limit requests wait for a connection.",
					ask(`hikaricp_connections_active`+one, "{{pool}} active"), ask(`hikaricp_connections_idle`+one, "{{pool}} idle"), ask(`hikaricp_connections_max`+one, "{{pool}} limit")).zero().otherwise(noPool),
				graph("Waiting for a connection", "none", "Threads that want a connection and get none.", ask(`hikaricp_connections_pending`+one, "{{pool}}")).zero().otherwise(noPool),
				graph("Time to get a connection", "s", "Average.", ask(`rate(hikaricp_connections_acquire_seconds_sum`+rate+`) / (rate(hikaricp_connections_acquire_seconds_count`+rate+`) > 0)`, "{{pool}}")).zero().otherwise(noPool),
			}},
			{Title: "Log", Height: 10, Panels: []Panel{{
				Kind: "logs", Title: "Warnings and errors", About: "Of all instances of the app. Remove the level in Explore to see every line.", Source: logEntries,
				Queries: []Query{{Expr: `{app="$application", level=~"WARN|ERROR|FATAL"}`, Unscoped: true}}, Empty: "no warnings or errors, or logs: is not set for this app",
			}}},
		},
	}
}
