package dashboards

// The stack itself has a dashboard for each of its parts, so that one without Loki has no empty panels.

func instanceOf(metric, job string) []Variable {
	return []Variable{{Name: "instance", Label: "Host", Source: metrics, Query: `label_values(` + metric + `{` + job + `}, instance)`}}
}

func scopeOf(job string) string { return job + `, instance="$instance"` }

// scrapers are the jobs of the programs that expose Prometheus' own metrics: monctl's monitor runs on its packages.
const scrapers = `job=~"prometheus|monitor"`

// process is the last row of each: what the program itself uses.
func process() Row {
	return Row{Title: "Process", Panels: []Panel{
		graph("Memory", "bytes", "What the process keeps in memory.", ask(`process_resident_memory_bytes{}`, "resident")).zero(),
		graph("CPU", "short", "Processors that the process keeps busy.", ask(`rate(process_cpu_seconds_total{}[$__rate_interval])`, "busy")).zero(),
		graph("Open files", "", "Share of the files that the process may open.", ask(`process_open_fds{} / process_max_fds{}`, "open")).share(),
	}}
}

func prometheus() Board {
	return Board{
		File: "prometheus/dashboards/prometheus.json", UID: "monctl-prometheus-self", Title: "Prometheus", Scope: scopeOf(scrapers),
		About:     "One Prometheus, or monctl's own monitor: what it scrapes, stores, evaluates and sends, and whether it refuses anything.",
		Variables: instanceOf("prometheus_build_info", scrapers),
		Rows: []Row{
			{Height: 4, Panels: []Panel{
				stat("Targets down", "none", see("Of all targets of all jobs.", "TargetDown"), askAll(`count(up == 0) or vector(0)`)).from("", "1"),
				stat("Samples", "cps", "Stored each second.", ask(`sum(rate(prometheus_tsdb_head_samples_appended_total{}[$__rate_interval]))`, "")),
				stat("Series", "short", "In the head block: those of the last hours.", ask(`prometheus_tsdb_head_series{}`, "")),
				stat("Refused samples", "cps", see("Samples that were dropped because of their time.", "PrometheusRefusesSamples"), ask(refusedSamples("sum"), "")).from("", "0.001"),
				stat("Newest sample", "s", see("The time of the newest sample against the clock. Above zero it lies in the future, and Prometheus refuses what is more than an hour older.", "PrometheusHeadInFuture"),
					ask(`prometheus_tsdb_head_max_time{} / 1000 - time()`, "")).from("60", "600"),
				stat("Configuration", "none", see("Whether the file on the disk is the one in use.", "ConfigNotLoaded"), ask(`prometheus_config_last_reload_successful{}`, "")).
					words(map[string]Word{"1": {"loaded", "green"}, "0": {"not loaded", "red"}}).wantsOne(),
			}},
			{Title: "Scraping", Panels: []Panel{
				table("Jobs", "Targets by job.", []Column{
					{Title: "Job", Label: "job"}, {Title: "Targets"}, {Title: "Up"}, {Title: "Slowest scrape", Unit: "s"}, {Title: "Samples of a scrape", Unit: "short"},
				},
					askAll(`count by (job) (up)`), askAll(`sum by (job) (up)`), askAll(`max by (job) (scrape_duration_seconds)`), askAll(`sum by (job) (scrape_samples_scraped)`)),
				graph("Refused samples", "cps", see("Why samples were dropped.", "PrometheusRefusesSamples"),
					ask(`rate(prometheus_target_scrapes_sample_out_of_order_total{}[$__rate_interval])`, "out of order"),
					ask(`rate(prometheus_target_scrapes_sample_out_of_bounds_total{}[$__rate_interval])`, "too old or too new"),
					ask(`rate(prometheus_target_scrapes_sample_duplicate_timestamp_total{}[$__rate_interval])`, "twice")).zero(),
			}},
			{Title: "Storage", Panels: []Panel{
				graph("Samples", "cps", "Stored each second.", ask(`rate(prometheus_tsdb_head_samples_appended_total{}[$__rate_interval])`, "{{type}}")).zero(),
				graph("Series", "short", "In the head block. A jump: something gives a new label value to each sample.", ask(`prometheus_tsdb_head_series{}`, "series")).zero(),
				stacked("Size on disk", "bytes", "Blocks and the write-ahead log; retention counts both.",
					ask(`prometheus_tsdb_storage_blocks_bytes{}`, "blocks"), ask(`prometheus_tsdb_wal_storage_size_bytes{}`, "write-ahead log"), ask(`prometheus_tsdb_head_chunks_storage_size_bytes{}`, "head")),
			}},
			{Title: "Rules, queries and alerts", Panels: []Panel{
				graph("Rule evaluations that fail", "ops", see("The page Rules of Prometheus has the error.", "RuleFails"), ask(`sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total{}[$__rate_interval]))`, "{{rule_group}}")).zero().otherwise("no rules"),
				graph("Time of a query", "s", "Nine of ten queries are faster.", ask(`prometheus_engine_query_duration_seconds{slice="inner_eval", quantile="0.9"}`, "evaluation"), ask(`prometheus_engine_query_duration_seconds{slice="queue_time", quantile="0.9"}`, "waiting")).zero().otherwise("no query in the last minutes"),
				graph("Alerts sent", "ops", see("To Alertmanager, and those that could not be.", "AlertsNotDelivered"),
					ask(`sum(rate(prometheus_notifications_sent_total{}[$__rate_interval]))`, "sent"), ask(`sum(rate(prometheus_notifications_errors_total{}[$__rate_interval]))`, "failed"),
					ask(`sum(rate(prometheus_notifications_dropped_total{}[$__rate_interval]))`, "dropped")).zero().otherwise("no Alertmanager in this stack"),
			}},
			process(),
		},
	}
}

func refusedSamples(aggregate string) string {
	return aggregate + `(rate(prometheus_target_scrapes_sample_out_of_order_total{}[$__rate_interval]) + rate(prometheus_target_scrapes_sample_out_of_bounds_total{}[$__rate_interval]) + rate(prometheus_target_scrapes_sample_duplicate_timestamp_total{}[$__rate_interval]))`
}

func alertmanager() Board {
	return Board{
		File: "alertmanager/dashboards/alertmanager.json", UID: "monctl-alertmanager", Title: "Alertmanager", Scope: scopeOf(`job="alertmanager"`),
		About:     "One Alertmanager: what it has been told, and whether it can tell people.",
		Variables: instanceOf("alertmanager_build_info", `job="alertmanager"`),
		Rows: []Row{
			{Height: 4, Panels: []Panel{
				stat("Alerts", "none", "Active ones, which people are told of.", ask(`sum(alertmanager_alerts{state="active"})`, "")),
				stat("Held back", "none", "By a silence, or because a worse alert of the same host fires.", ask(`sum(alertmanager_alerts{state="suppressed"})`, "")),
				stat("Silences", "none", "Active ones.", ask(`sum(alertmanager_silences{state="active"})`, "")),
				stat("Notifications that failed", "none", see("In the shown time.", "AlertmanagerCannotNotify"), ask(`sum(increase(alertmanager_notifications_failed_total{}[$__range]))`, "")).from("", "1").digits("0"),
				stat("Configuration", "none", see("Whether the file on the disk is the one in use.", "AlertmanagerConfigNotLoaded"), ask(`alertmanager_config_last_reload_successful{}`, "")).
					words(map[string]Word{"1": {"loaded", "green"}, "0": {"not loaded", "red"}}).wantsOne(),
			}},
			{Title: "Notifications", Panels: []Panel{
				graph("Notifications", "ops", "Tried each second, by receiver's kind.", ask(`sum by (integration) (rate(alertmanager_notifications_total{}[$__rate_interval])) > 0`, "{{integration}}")).zero().otherwise("nothing was sent"),
				graph("Notifications that failed", "ops", see("journalctl -u monctl-alertmanager has the receiver's answer.", "AlertmanagerCannotNotify"),
					ask(`sum by (integration) (rate(alertmanager_notifications_failed_total{}[$__rate_interval])) > 0`, "{{integration}}")).zero().otherwise("none failed"),
				graph("Time of a notification", "s", "Average time of the receiver's answer.",
					ask(`sum by (integration) (rate(alertmanager_notification_latency_seconds_sum{}[$__rate_interval])) / (sum by (integration) (rate(alertmanager_notification_latency_seconds_count{}[$__rate_interval])) > 0)`, "{{integration}}")).zero().otherwise("nothing was sent"),
			}},
			{Title: "Alerts", Panels: []Panel{
				stacked("Alerts", "none", "By what happens to them.", ask(`sum by (state) (alertmanager_alerts{})`, "{{state}}")),
				graph("Received", "ops", "From Prometheus and others, each second; Prometheus repeats what fires.", ask(`sum by (status) (rate(alertmanager_alerts_received_total{}[$__rate_interval]))`, "{{status}}"),
					ask(`sum(rate(alertmanager_alerts_invalid_total{}[$__rate_interval]))`, "invalid")).zero(),
			}},
			process(),
		},
	}
}

func loki() Board {
	return Board{
		File: "loki/dashboards/loki.json", UID: "monctl-loki-self", Title: "Loki", Scope: scopeOf(`job="loki"`),
		About:     "One Loki: what it takes in, what it refuses, how fast it answers.",
		Variables: instanceOf("loki_build_info", `job="loki"`),
		Rows: []Row{
			{Height: 4, Panels: []Panel{
				stat("Lines", "cps", "Stored each second.", ask(`sum(rate(loki_distributor_lines_received_total{}[$__rate_interval]))`, "")).otherwise("none yet"),
				stat("Volume", "Bps", "Stored each second.", ask(`sum(rate(loki_distributor_bytes_received_total{}[$__rate_interval]))`, "")).otherwise("none yet"),
				stat("Streams", "short", "Combinations of labels that are being written to; the limit is 10,000.", ask(`sum(loki_ingester_memory_streams{})`, "")).from("5000", "9000").otherwise("none yet"),
				stat("Discarded lines", "cps", see("Lines that were refused, because of their time or a limit.", "LokiDiscardsLogs"), ask(`sum(rate(loki_discarded_samples_total{}[$__rate_interval])) or vector(0)`, "")).from("", "0.001"),
				stat("Errors", "", see("Share of the requests that failed in Loki.", "LokiErrors"),
					ask(`(sum(rate(loki_request_duration_seconds_count{status_code=~"5.."}[$__rate_interval])) or vector(0)) / (sum(rate(loki_request_duration_seconds_count{}[$__rate_interval])) > 0)`, "")).share().from("0.01", "0.1").otherwise("no request"),
			}},
			{Title: "Coming in", Panels: []Panel{
				graph("Lines", "cps", "Stored each second.", ask(`sum(rate(loki_distributor_lines_received_total{}[$__rate_interval]))`, "lines")).zero().otherwise("none yet"),
				graph("Discarded lines", "cps", see("By reason. Too new and too old: look at the clocks.", "LokiDiscardsLogs"), ask(`sum by (reason) (rate(loki_discarded_samples_total{}[$__rate_interval]))`, "{{reason}}")).zero().otherwise("none was discarded"),
				graph("Streams and chunks", "short", "In memory.", ask(`sum(loki_ingester_memory_streams{})`, "streams"), ask(`loki_ingester_memory_chunks{}`, "chunks")).zero(),
			}},
			{Title: "Answering", Panels: []Panel{
				graph("Requests", "reqps", "By status.", ask(`sum by (status_code) (rate(loki_request_duration_seconds_count{}[$__rate_interval]))`, "{{status_code}}")).zero(),
				graph("Time of a request", "s", "19 of 20 are faster, by what was asked.",
					ask(`histogram_quantile(0.95, sum by (le, route) (rate(loki_request_duration_seconds_bucket{route=~"loki_api_v1_(push|query|query_range|labels|label_name_values|series)"}[$__rate_interval]))) >= 0`, "{{route}}")).zero().otherwise("no request"),
				graph("Not yet on disk", "short", see("Chunks that wait to be written. A queue that grows: the disk is full or slow.", "LokiCannotWrite"), ask(`sum(loki_ingester_flush_queue_length{})`, "waiting"), ask(`rate(loki_ingester_wal_disk_full_failures_total{}[$__rate_interval])`, "disk full")).zero(),
			}},
			process(),
		},
	}
}

func grafana() Board {
	return Board{
		File: "grafana/dashboards/grafana.json", UID: "monctl-grafana", Title: "Grafana", Scope: scopeOf(`job="grafana"`),
		About:     "One Grafana: what is asked of it, and how its datasources answer.",
		Variables: instanceOf("grafana_build_info", `job="grafana"`),
		Rows: []Row{
			{Height: 4, Panels: []Panel{
				stat("Dashboards", "none", "Provisioned and those that people made.", ask(`max(grafana_stat_totals_dashboard{})`, "")).otherwise("not counted yet"),
				stat("Requests", "reqps", "Answered each second.", ask(`sum(rate(grafana_http_request_duration_seconds_count{}[$__rate_interval]))`, "")),
				stat("Errors", "", "Share of the requests answered with 5xx.",
					ask(`(sum(rate(grafana_http_request_duration_seconds_count{status_code=~"5.."}[$__rate_interval])) or vector(0)) / (sum(rate(grafana_http_request_duration_seconds_count{}[$__rate_interval])) > 0)`, "")).share().from("0.01", "0.05").otherwise("no request"),
			}},
			{Title: "Requests", Panels: []Panel{
				graph("Requests", "reqps", "By status.", ask(`sum by (status_code) (rate(grafana_http_request_duration_seconds_count{}[$__rate_interval]))`, "{{status_code}}")).zero(),
				graph("Time of an answer", "s", "19 of 20 are faster, of the slowest paths.",
					ask(`topk(5, histogram_quantile(0.95, sum by (le, handler) (rate(grafana_http_request_duration_seconds_bucket{}[$__rate_interval]))) >= 0)`, "{{handler}}")).zero().otherwise("no request"),
				graph("Questions to datasources", "reqps", "By datasource and status.", ask(`sum by (datasource, code) (rate(grafana_datasource_request_total{}[$__rate_interval]))`, "{{datasource}} {{code}}")).zero().otherwise("nobody looked at a dashboard"),
			}},
			process(),
		},
	}
}
