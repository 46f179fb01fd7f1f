package faults

import (
	"context"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// configured is a row whose fault is in prometheus.yml.
func configured(r row) row {
	r.on, r.breaks, r.mends = "h1", r.breaks+"\nreload", "restored; reload"+r.mends
	return r
}

// restart ends what Prometheus counts since its start.
const restart = "; systemctl restart monctl-prometheus"

// job adds one to prometheus.yml.
func job(text string) string { return "cat >>$yml <<'END'\n  - job_name: fault\n    " + text + "\nEND" }

var dropFilter = `table inet fault { chain input { type filter hook input priority 0; tcp dport 9100 VERDICT; }; }`

func unfilter(t *testing.T, s *site, h *hosts.Host) { filter("delete table inet fault")(t, s, h) }

// scrapeRows are faults between Prometheus and what it scrapes.
var scrapeRows = []row{
	{
		fault: "an exporter listens on 127.0.0.1 only", on: "h2", breaks: "flags --web.listen-address=127.0.0.1:9100", mends: "again $unit", until: down("h2"),
		check: "scrape/bound-to-localhost", host: "h1",
	},
	{
		fault: "an exporter listens on another port", on: "h2", breaks: "flags --web.listen-address=:9105", mends: "again $unit", until: down("h2"),
		check: "scrape/refused", host: "h1", words: []string{"9105"},
	},
	{
		fault: "a packet filter drops the exporter's port", on: "h2", outside: filter(rule("drop")), undo: unfilter, until: down("h2"),
		check: "scrape/firewall", host: "h1", words: []string{"drops"},
	},
	{
		fault: "a packet filter rejects the exporter's port", on: "h2", outside: filter(rule("reject with tcp reset")), undo: unfilter, until: down("h2"),
		check: "scrape/firewall", host: "h1", words: []string{"rejects"},
	},
	{
		fault: "a packet filter answers that the host is unreachable", on: "h2", outside: filter(rule("reject with icmpx type host-unreachable")), undo: unfilter, until: down("h2"),
		check: "scrape/firewall", host: "h1", words: []string{"rejects"},
	},
	{
		fault: "a host is cut off the network", on: "h2", outside: cut, undo: uncut, until: down("h2"),
		check: "scrape/host-down", host: "h1",
	},
	configured(row{
		fault: "metrics_path is wrong", breaks: "sed -i '/job_name: \"node_exporter\"/a\\    metrics_path: /metric' $yml", until: down("h2"),
		check: "scrape/path",
	}),
	configured(row{
		fault: "a target's name does not resolve", breaks: job("static_configs: [{targets: ['no-such-host.invalid:9100']}]"), until: down("fault"),
		check: "scrape/name", words: []string{"no-such-host.invalid"},
	}),
	configured(row{
		fault: "a target is listed twice", breaks: "IP=$(sed -n 's/.*\"\\(.*2:9100\\)\".*/\\1/p' $yml)\n" + `printf '  - job_name: fault\n    static_configs: [{targets: ["%s"], labels: {instance: again}}]\n' $IP >>$yml`, until: more(1),
		check: "scrape/duplicate-targets",
	}),
	configured(row{
		fault: "scrape_timeout is too short", breaks: "sed -i '/job_name: \"prometheus\"/a\\    scrape_timeout: 1ms' $yml", until: down("prometheus"),
		check: "scrape/slow",
	}),
	configured(row{
		fault: "a target has more samples than sample_limit", breaks: "sed -i '/job_name: \"prometheus\"/a\\    sample_limit: 10' $yml", until: down("prometheus"),
		check: "scrape/limit", mends: restart,
	}),
	configured(row{
		fault: "relabelling drops a job", breaks: "sed -i '/job_name: \"grafana\"/a\\    relabel_configs: [{action: drop, source_labels: [instance], regex: .*}]' $yml", until: more(-1),
		check: "scrape/relabelled-away", words: []string{"grafana"},
	}),
	configured(row{
		fault: "prometheus.yml has a mistake, and was reloaded", breaks: "echo 'scrape_confgs: []' >>$yml",
		check: "scrape/config-reload",
	}),
	configured(row{
		fault: "Prometheus speaks https to an exporter without it", breaks: "sed -i '/job_name: \"alertmanager\"/a\\    scheme: https' $yml", until: down("alertmanager"),
		check: "scrape/scheme",
	}),
	configured(row{
		fault: "a file of targets is not JSON", breaks: "echo '[{' >/etc/monctl/prometheus/targets.json; chmod 644 /etc/monctl/prometheus/targets.json\n" + job("file_sd_configs: [{files: [/etc/monctl/prometheus/targets.json]}]"),
		check: "scrape/file-sd", mends: restart,
	}),
	configured(row{
		fault: "a job lists no target", breaks: job("static_configs: [{targets: []}]"),
		check: "scrape/no-targets",
	}),
	configured(row{
		fault: "a job is scraped every ten minutes", breaks: "sed -i '/job_name: \"grafana\"/a\\    scrape_interval: 10m' $yml",
		check: "scrape/interval",
	}),
	configured(row{
		fault: "an exporter is in no job", breaks: "sed -i '/2:9100\"/,+2d' $yml", until: more(-1),
		check: "scrape/not-scraped", host: "h2",
	}),
	configured(row{
		fault: "two hosts have the same instance", breaks: "sed -i 's/instance\": \"h3\"/instance\": \"h2\"/' $yml", until: after(4e9),
		check: "scrape/duplicate-targets",
	}),
	configured(row{
		fault: "a target names localhost, where nothing listens", breaks: job("static_configs: [{targets: ['localhost:9187']}]"), until: down("fault"),
		check: "scrape/localhost",
	}),
}

func cut(t *testing.T, _ *site, h *hosts.Host) {
	if err := h.Cut(t.Context()); err != nil {
		t.Error(err)
	}
}

func uncut(t *testing.T, _ *site, h *hosts.Host) {
	if err := h.Mend(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}
