package dashboards

func mysql() Board {
	return Board{
		File: "mysqld_exporter/dashboards/mysql.json", UID: "monctl-mysql", Title: "MySQL", Scope: `job="mysqld_exporter", instance="$instance"`,
		About:     "One MySQL or MariaDB server: its work, what is slow, what waits, and whether its memory suffices.",
		Variables: []Variable{{Name: "instance", Label: "Host", Source: metrics, Query: `label_values(mysql_up{job="mysqld_exporter"}, instance)`}},
		Rows: []Row{
			{Height: 4, Panels: []Panel{
				stat("State", "none", see("Whether mysqld_exporter could log in and ask.", "MySQLDown"), ask(`mysql_up{}`, "")).words(upOrDown).wantsOne(),
				stat("Up for", "s", "Time since the server was started.", ask(`mysql_global_status_uptime{}`, "")),
				stat("Queries", "ops", "Statements each second, those of stored programs included.", ask(`rate(mysql_global_status_queries{}[$__rate_interval])`, "")),
				stat("Slow queries", "ops", see("Statements each second that took longer than long_query_time.", "MySQLSlowQueries"), ask(`rate(mysql_global_status_slow_queries{}[$__rate_interval])`, "")).from("0.01", "0.2"),
				stat("Connections", "", see("Share of max_connections that is in use.", "MySQLConnectionsHigh"), ask(`mysql_global_status_threads_connected{} / mysql_global_variables_max_connections{}`, "")).share().from("0.6", "0.8"),
				stat("Replication lag", "s", see("How far a replica is behind.", "MySQLReplicationLag"), ask(`max(mysql_slave_status_seconds_behind_master{})`, "")).from("10", "60").otherwise("no replica"),
			}},
			{Title: "Work", Panels: []Panel{
				graph("Queries", "ops", "Statements each second; questions are those that clients sent.",
					ask(`rate(mysql_global_status_queries{}[$__rate_interval])`, "queries"), ask(`rate(mysql_global_status_questions{}[$__rate_interval])`, "questions")).zero(),
				stacked("By command", "ops", "The commands that are used most.",
					ask(`topk(8, rate(mysql_global_status_commands_total{}[$__rate_interval]) > 0)`, "{{command}}")).otherwise("no commands in this time"),
				graph("Slow queries", "ops", see("Statements that took longer than long_query_time: the slow query log has them.", "MySQLSlowQueries"),
					ask(`rate(mysql_global_status_slow_queries{}[$__rate_interval])`, "slow"),
					ask(`rate(mysql_global_status_select_full_join{}[$__rate_interval])`, "joins without an index")).zero(),
			}},
			{Title: "What waits", Panels: []Panel{
				graph("Row lock waits", "ops", see("How often a transaction had to wait for a row that another one holds.", "MySQLLockWaits"),
					ask(`rate(mysql_global_status_innodb_row_lock_waits{}[$__rate_interval])`, "waits"),
					ask(`rate(mysql_info_schema_innodb_metrics_lock_lock_deadlocks_total{}[$__rate_interval]) or rate(mysql_info_schema_innodb_metrics_lock_lock_deadlocks{}[$__rate_interval])`, "deadlocks"),
					ask(`rate(mysql_global_status_table_locks_waited{}[$__rate_interval])`, "table locks")).zero(),
				graph("Waiting now", "none", see("Transactions that wait for a row at this moment.", "MySQLLockWaits"), ask(`mysql_global_status_innodb_row_lock_current_waits{}`, "waiting")).zero(),
				graph("Time in row lock waits", "s", "Seconds that transactions waited, each second: 2 means that two waited all the time.",
					ask(`rate(mysql_global_status_innodb_row_lock_time{}[$__rate_interval]) / 1000`, "waiting")).zero(),
			}},
			{Title: "Connections", Panels: []Panel{
				graph("Connections", "none", see("Open connections and those that do something, against the limit.", "MySQLConnectionsHigh"),
					ask(`mysql_global_status_threads_connected{}`, "open"), ask(`mysql_global_status_threads_running{}`, "running"), ask(`mysql_global_variables_max_connections{}`, "limit")).zero(),
				graph("Broken off", "ops", "Logins that failed, and clients that went away without a goodbye.",
					ask(`rate(mysql_global_status_aborted_connects{}[$__rate_interval])`, "logins"), ask(`rate(mysql_global_status_aborted_clients{}[$__rate_interval])`, "clients")).zero(),
				graph("Traffic", "Bps", "Bytes from and to clients.",
					ask(`rate(mysql_global_status_bytes_received{}[$__rate_interval])`, "in"), ask(`rate(mysql_global_status_bytes_sent{}[$__rate_interval])`, "out")).zero(),
			}},
			{Title: "Memory and disk", Panels: []Panel{
				stacked("Buffer pool", "bytes", "What InnoDB holds in memory. Without free pages the pool is as large as the data it needs, or too small: look at the reads beside it.",
					ask(`mysql_global_status_innodb_buffer_pool_bytes_data{} - mysql_global_status_innodb_buffer_pool_bytes_dirty{}`, "data"),
					ask(`mysql_global_status_innodb_buffer_pool_bytes_dirty{}`, "not yet written"),
					ask(`mysql_global_variables_innodb_buffer_pool_size{} - mysql_global_status_innodb_buffer_pool_bytes_data{}`, "free")),
				graph("Reads that missed the buffer pool", "", "Share of the page reads that had to go to the disk. More than a few in a hundred: innodb_buffer_pool_size is too small.",
					ask(`rate(mysql_global_status_innodb_buffer_pool_reads{}[$__rate_interval]) / (rate(mysql_global_status_innodb_buffer_pool_read_requests{}[$__rate_interval]) > 0)`, "missed")).ratio().otherwise("nothing was read"),
				graph("Temporary tables", "ops", "Tables made for a statement; those on disk are slow.",
					ask(`rate(mysql_global_status_created_tmp_tables{}[$__rate_interval])`, "all"), ask(`rate(mysql_global_status_created_tmp_disk_tables{}[$__rate_interval])`, "on disk")).zero(),
			}},
			{Title: "Replication", Height: 5, Panels: []Panel{
				graph("Lag", "s", see("How far the replica is behind its source.", "MySQLReplicationLag"), ask(`mysql_slave_status_seconds_behind_master{}`, "{{master_host}}")).zero().otherwise("this server is no replica"),
				table("Threads", see("Both must run, or the replica falls behind for good.", "MySQLReplicationBroken"),
					[]Column{{Title: "Source", Label: "master_host"}, {Title: "Receives", Words: upOrDown}, {Title: "Applies", Words: upOrDown}},
					ask(`max by (master_host) (mysql_slave_status_slave_io_running{})`, ""), ask(`max by (master_host) (mysql_slave_status_slave_sql_running{})`, "")).otherwise("this server is no replica"),
			}},
		},
	}
}
