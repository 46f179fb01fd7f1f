package faults

// dataRows are faults of what Prometheus has stored, and of how it is started.
var dataRows = []row{
	{
		fault: "a segment of the write-ahead log is damaged", on: "h1",
		breaks: "systemctl stop monctl-prometheus; dd if=/dev/urandom of=$data/wal/00000000 bs=1 seek=3000 count=200 conv=notrunc status=none; systemctl start monctl-prometheus",
		mends:  "empty", until: started,
		check: "tsdb/wal-corrupt",
	},
	{
		fault: "a segment of the write-ahead log is missing", on: "h1",
		breaks: "systemctl stop monctl-prometheus; cp -p $data/wal/00000000 $data/wal/00000002; systemctl start --no-block monctl-prometheus", mends: "empty",
		until: state("h1", "monctl-prometheus", "SubState", "auto-restart"),
		check: "tsdb/wal-corrupt", words: []string{"missing"},
	},
	{
		fault: "a block has no meta.json", on: "h1", breaks: "block -86400; rm $(blocks)/meta.json", mends: "empty",
		check: "tsdb/block-corrupt",
	},
	{
		fault: "the index of a block is damaged", on: "h1", mends: "empty",
		breaks: "block -86400; dd if=/dev/zero of=$(blocks)/index bs=1 count=100 conv=notrunc status=none; systemctl restart --no-block monctl-prometheus",
		until:  after(4e9),
		check:  "tsdb/block-corrupt",
	},
	{
		fault: "blocks of samples of tomorrow", on: "h1", breaks: "block -86400; block 86400", mends: "empty",
		check: "tsdb/blocks-in-future",
	},
	{
		fault: "a block of next month makes retention delete the history", on: "h1", breaks: "block -86400; block 2592000", mends: "empty",
		check: "tsdb/future-retention",
	},
	{
		fault: "a sender with a wrong clock writes a sample of nine hours ahead", on: "h1", mends: "empty",
		breaks: "prometheus --web.enable-remote-write-receiver; until /opt/monctl/prometheus/current/promtool push metrics http://127.0.0.1:9090/api/v1/write /tmp/ahead; do echo \"ahead 1 $(($(date +%s) + 32400))000\" >/tmp/ahead; sleep 0.3; done",
		check:  "tsdb/head-in-future",
	},
	{
		fault: "the data belong to another user", on: "h1", breaks: "systemctl stop monctl-prometheus; chown -R nobody $data; systemctl start --no-block monctl-prometheus", mends: "empty",
		until: state("h1", "monctl-prometheus", "SubState", "auto-restart"),
		check: "tsdb/ownership",
	},
	{
		fault: "the API that deletes data is open", on: "h1", breaks: "prometheus --web.enable-admin-api", mends: "again monctl-prometheus", until: started,
		check: "security/admin-api",
	},
	{
		fault: "prometheus.yml has a mistake, and Prometheus was restarted", on: "h1", breaks: "echo 'scrape_confgs: []' >>$yml; systemctl restart --no-block monctl-prometheus", mends: "restored; again monctl-prometheus",
		until: state("h1", "monctl-prometheus", "SubState", "auto-restart"),
		check: "scrape/config-reload", words: []string{"scrape_confgs"},
	},
	configured(row{
		fault: "a file of rules has a mistake, and was reloaded", breaks: "echo 'groups: [{name: a, rules: [{record: b, expr: \"sum(\"}]}]' >/etc/monctl/prometheus/rules.yml; chmod 644 /etc/monctl/prometheus/rules.yml; echo 'rule_files: [/etc/monctl/prometheus/rules.yml]' >>$yml",
		check: "scrape/config-reload",
	}),
	configured(row{
		fault: "a target sends time stamps of an hour ahead", breaks: web("page.txt", "m 1 '$(($(date +%s) + 3600))'000"), mends: "; unserve" + restart, until: more(1),
		check: "tsdb/out-of-bounds", words: []string{"time stamps of its own"},
	}),
	configured(row{
		fault: "a target sends a series twice", breaks: web("page.txt", "m 1\nm 2"), mends: "; unserve" + restart, until: more(1),
		check: "tsdb/duplicate-timestamps",
	}),
	configured(row{
		fault: "the service that lists targets is dead", breaks: job("http_sd_configs: [{url: 'http://127.0.0.1:9/targets'}]"), mends: restart, until: after(2e9),
		check: "scrape/discovery", words: []string{"http"},
	}),
	configured(row{
		fault: "remote write goes nowhere", breaks: "echo 'remote_write: [{url: \"http://127.0.0.1:9/write\"}]' >>$yml", mends: "; systemctl kill -s KILL monctl-prometheus; again monctl-prometheus", until: after(5e9),
		check: "scrape/remote-write",
	}),
	{
		// 2.53 crashes when it reloads such a limit; so this one is started with it.
		fault: "a target's page is larger than body_size_limit", on: "h1", mends: "restored" + restart, until: down("prometheus"),
		breaks: "sed -i '/job_name: \"prometheus\"/a\\    body_size_limit: 100B' $yml" + restart,
		check:  "scrape/limit", words: []string{"body_size_limit"},
	},
	{
		fault: "an exporter hangs", on: "h2", breaks: "systemctl kill -s STOP $unit", mends: "systemctl kill -s CONT $unit", until: down("h2"),
		check: "scrape/slow", host: "h1",
	},
	{
		fault: "a file of the textfile collector is wrong", on: "h2", breaks: "mkdir -p /srv/fault; echo 'm{ 1' >/srv/fault/a.prom; flags --collector.textfile.directory=/srv/fault", mends: "rm -r /srv/fault; again $unit",
		check: "scrape/collectors", words: []string{".prom"}, until: running("h2", "node-exporter"),
	},
}
