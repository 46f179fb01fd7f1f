package dashboards

// userDatabases leaves out the templates, in which nothing happens.
const userDatabases = `{datname!~"template.*"}`

func postgresql() Board {
	perSecond := func(metric string) string {
		return `sum by (datname) (rate(` + metric + userDatabases + `[$__rate_interval]))`
	}
	return Board{
		File: "postgres_exporter/dashboards/postgresql.json", UID: "monctl-postgresql", Title: "PostgreSQL", Scope: `job="postgres_exporter", instance="$instance"`,
		About:     "One PostgreSQL server: its work, what waits, and whether its memory suffices.",
		Variables: []Variable{{Name: "instance", Label: "Host", Source: metrics, Query: `label_values(pg_up{job="postgres_exporter"}, instance)`}},
		Rows: []Row{
			{Height: 4, Panels: []Panel{
				stat("State", "none", see("Whether postgres_exporter could log in and ask.", "PostgreSQLDown"), ask(`pg_up{}`, "")).words(upOrDown).wantsOne(),
				stat("Transactions", "ops", "Committed and rolled back each second.", ask(`sum(rate(pg_stat_database_xact_commit{}[$__rate_interval])) + sum(rate(pg_stat_database_xact_rollback{}[$__rate_interval]))`, "")),
				stat("Connections", "", see("Share of max_connections that is in use.", "PostgreSQLConnectionsHigh"), ask(`sum(pg_stat_activity_count{}) / max(pg_settings_max_connections{})`, "")).share().from("0.6", "0.8"),
				stat("Longest transaction", "s", "Since when the oldest open transaction is open. Long ones keep rows from being cleaned up.", ask(`max(pg_stat_activity_max_tx_duration{})`, "")).from("300", "3600"),
				stat("Size", "bytes", "All databases together.", ask(`sum(pg_database_size_bytes{})`, "")),
				stat("Replication lag", "s", "How far a replica is behind; 0 on a primary.", ask(`max(pg_replication_lag_seconds{})`, "")).from("10", "60"),
			}},
			{Title: "Work", Panels: []Panel{
				graph("Transactions", "ops", "Committed each second.", ask(perSecond("pg_stat_database_xact_commit"), "{{datname}}")).zero(),
				graph("Rolled back", "ops", "Transactions that failed or were given up.", ask(perSecond("pg_stat_database_xact_rollback"), "{{datname}}")).zero(),
				graph("Rows", "ops", "Rows each second, in all databases. Many more returned than fetched: tables are read without an index.",
					ask(`sum(rate(pg_stat_database_tup_returned{}[$__rate_interval]))`, "returned"), ask(`sum(rate(pg_stat_database_tup_fetched{}[$__rate_interval]))`, "fetched"),
					ask(`sum(rate(pg_stat_database_tup_inserted{}[$__rate_interval]))`, "inserted"), ask(`sum(rate(pg_stat_database_tup_updated{}[$__rate_interval]))`, "updated"),
					ask(`sum(rate(pg_stat_database_tup_deleted{}[$__rate_interval]))`, "deleted")).zero(),
			}},
			{Title: "Connections and what waits", Panels: []Panel{
				stacked("Connections", "none", see("By what they do. Those idle in a transaction hold locks for nothing.", "PostgreSQLConnectionsHigh"), ask(`sum by (state) (pg_stat_activity_count{}) > 0`, "{{state}}")),
				graph("Locks", "none", "Locks that are held, by mode. Exclusive ones keep others waiting.", ask(`sum by (mode) (pg_locks_count{}) > 0`, "{{mode}}")).zero().otherwise("no lock is held"),
				graph("Deadlocks", "ops", see("Transactions that waited for each other, one of which was ended.", "PostgreSQLDeadlocks"), ask(perSecond("pg_stat_database_deadlocks"), "{{datname}}")).zero(),
			}},
			{Title: "Memory and disk", Panels: []Panel{
				graph("Reads that missed the buffers", "", "Share of the blocks that were not in shared_buffers; the kernel's cache may still have had them.",
					ask(`sum(rate(pg_stat_database_blks_read{}[$__rate_interval])) / (sum(rate(pg_stat_database_blks_read{}[$__rate_interval])) + sum(rate(pg_stat_database_blks_hit{}[$__rate_interval])) > 0)`, "missed")).ratio().otherwise("nothing was read"),
				graph("Temporary files", "Bps", "Written by sorts and joins for which work_mem was too small.", ask(perSecond("pg_stat_database_temp_bytes"), "{{datname}}")).zero(),
				graph("Checkpoints", "ops", "Requested ones come before their time, because max_wal_size was reached.",
					ask(`rate(pg_stat_bgwriter_checkpoints_timed_total{}[$__rate_interval]) or rate(pg_stat_checkpointer_num_timed_total{}[$__rate_interval])`, "timed"),
					ask(`rate(pg_stat_bgwriter_checkpoints_req_total{}[$__rate_interval]) or rate(pg_stat_checkpointer_num_requested_total{}[$__rate_interval])`, "requested")).zero(),
			}},
			{Panels: []Panel{
				graph("Database sizes", "bytes", "Size on disk.", ask(`max by (datname) (pg_database_size_bytes`+userDatabases+`)`, "{{datname}}")).zero(),
				graph("Write-ahead log", "bytes", "Its files. One that grows without end: a replication slot that nobody reads, or archiving that fails.", ask(`max(pg_wal_size_bytes{})`, "size")).zero(),
			}},
		},
	}
}
