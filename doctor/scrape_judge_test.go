package doctor

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestScrape spoils one thing of the healthy stack at a time.
func TestScrape(t *testing.T) {
	const node = "scrape_configs:\n- job_name: prometheus\n  scrape_interval: 15s\n- job_name: node\n  scrape_interval: 15s\n"
	add := func(s *stack, pool, url string, labels map[string]string) {
		one := s.targets[1]
		one.Pool, one.URL, one.Labels = pool, url, labels
		one.Discovered = map[string]string{"__address__": one.address()}
		s.targets = append(s.targets, one)
	}
	for name, c := range map[string]struct {
		spoil func(*stack)
		level Level
		check string
		says  string
	}{
		"reload failed": {func(s *stack) {
			s.replies[askRuntime] = map[string]any{"reloadConfigSuccess": false, "lastConfigTime": "2026-11-20"}
		}, Fail, "scrape/config-reload", "promtool check config /etc/prometheus/prometheus.yml"},
		"job without targets": {func(s *stack) {
			s.config += "- job_name: idle\n  file_sd_configs: [{files: [/etc/t/*.yml]}]\n"
			s.replies[askDropped] = map[string]any{}
		}, Warn, "scrape/no-targets", "/etc/t/*.yml"},
		"job without targets, nobody asked for dropped ones": {func(s *stack) { s.config += "- job_name: idle\n" }, Unknown, "scrape/no-targets", "was not asked"},
		"dropped, counted": {func(s *stack) {
			s.config += "- job_name: idle\n  relabel_configs: [{action: drop}]\n"
			s.replies[askDropped] = map[string]any{"droppedTargetCounts": map[string]int{"idle": 7}}
		}, Fail, "scrape/relabelled-away", "drops 7 targets"},
		"dropped, listed": {func(s *stack) {
			s.config += "- job_name: idle\n  relabel_configs: [{action: drop}]\n"
			s.replies[askDropped] = map[string]any{"droppedTargets": []target{{Discovered: map[string]string{"job": "idle"}}}}
		}, Fail, "scrape/relabelled-away", "drops 1 target"},
		"one of two relabelled away": {func(s *stack) {
			s.config = strings.Replace(node, "job_name: node", "job_name: node\n  relabel_configs: [{action: keep}]\n  static_configs: [{targets: [\"192.0.2.2:9100\", \"192.0.2.3:9100\"]}]", 1)
		}, Warn, "scrape/relabelled-away", "192.0.2.3:9100"},
		"by name and by address": {func(s *stack) {
			add(s, "node", "http://vm2:9100/metrics", map[string]string{"job": "node", "instance": "vm2:9100"})
		}, Warn, "scrape/duplicate-targets", "scraped 2 times"},
		"in two jobs": {func(s *stack) {
			add(s, "other", "http://192.0.2.2:9100/metrics", map[string]string{"job": "other", "instance": "192.0.2.2:9100"})
		}, Warn, "scrape/duplicate-targets", "scraped 2 times"},
		"same labels": {func(s *stack) { add(s, "node", "http://192.0.2.9:9100/metrics", s.targets[1].Labels) }, Fail, "scrape/duplicate-targets", "same labels"},
		"two modules of a prober": {func(s *stack) {
			add(s, "probe", "http://192.0.2.2:9115/probe?module=a", map[string]string{"job": "probe", "instance": "a"})
			add(s, "probe", "http://192.0.2.2:9115/probe?module=b", map[string]string{"job": "probe", "instance": "b"})
		}, OK, "", ""},
		"no instance": {func(s *stack) { delete(s.targets[1].Labels, "instance") }, Warn, "scrape/instance-label", "no instance"},
		"up, and old": {func(s *stack) {
			s.replies[askAge] = map[string]any{"result": []any{map[string]any{"metric": s.targets[0].Labels, "value": []any{0, "5"}}, map[string]any{"metric": s.targets[1].Labels, "value": []any{0, "200"}}}}
		}, Warn, "scrape/stale", "1 of 2"},
		"up, and nothing": {func(s *stack) { s.replies[askAge] = map[string]any{"result": []any{}} }, Fail, "scrape/stale", "none within five minutes"},
		"seldom": {func(s *stack) {
			s.config = strings.Replace(node, "node\n  scrape_interval: 15s", "node\n  scrape_interval: 2m30s", 1)
		}, Warn, "scrape/interval", "every 2m30s"},
		"as seldom as is safe": {func(s *stack) {
			s.config = strings.Replace(node, "node\n  scrape_interval: 15s", "node\n  scrape_interval: 2m", 1)
		}, OK, "", ""},
		"nearly too slow":      {func(s *stack) { s.targets[1].Took = 8.5 }, Warn, "scrape/slow", "takes 8.5s of the 10s"},
		"exporter not scraped": {func(s *stack) { s.targets = s.targets[:1]; s.config = strings.Split(node, "- job_name: node")[0] }, Warn, "scrape/not-scraped", "add 192.0.2.2:9100"},
		"list unreadable": {func(s *stack) {
			s.config += "  file_sd_configs: [{files: [/etc/t/*.yml]}]\n"
			s.metrics["prometheus_sd_file_read_errors_total"] = 3
		}, Warn, "scrape/file-sd", "3 times"},
		"DNS discovery fails": {func(s *stack) { s.metrics["prometheus_sd_dns_lookup_failures_total"] = 3 }, Warn, "scrape/discovery", "dns_lookup"},
		"collector fails": {func(s *stack) {
			s.vm2.Components[0].Metrics[`node_scrape_collector_success{collector="filesystem"}`] = 0
		}, Warn, "scrape/collectors", "filesystem"},
		"textfile wrong":                 {func(s *stack) { s.vm2.Components[0].Metrics["node_textfile_scrape_error"] = 1 }, Warn, "scrape/collectors", ".prom file"},
		"page of node_exporter not read": {func(s *stack) { s.vm2.Components[0].Metrics = nil }, Unknown, "scrape/collectors", "not read"},
		"remote write behind": {func(s *stack) {
			s.config += "remote_write: [{url: http://central/api}]\n"
			s.metrics[`prometheus_remote_storage_queue_highest_sent_timestamp_seconds{a="b"}`] -= 400
		}, Fail, "scrape/remote-write", "405 s"},
		"remote write keeps up": {func(s *stack) { s.config += "remote_write: [{url: http://central/api}]\n" }, OK, "", ""},
		"answers HTML":          {func(s *stack) { s.replies[askTargets] = Reply{Status: 200, Type: "text/html", Body: "<html>"} }, Unknown, "scrape/refused", "with text/html, not what was expected"},
		"targets too long":      {func(s *stack) { s.replies[askTargets] = Reply{Status: 200, Err: "the answer is longer than 8 MiB"} }, Unknown, "scrape/not-scraped", "longer than 8 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack()
			s.config = node
			c.spoil(s)
			report := Judge(s.fleet(t), families())
			if c.level == OK {
				if len(report.Findings) > 0 {
					t.Errorf("got:\n%s", strings.Join(findings(report), "\n"))
				}
				return
			}
			got, ok := found(report, c.check, "")
			if !ok || got.Level != c.level || !strings.Contains(fmt.Sprint(got), c.says) {
				t.Errorf("want %s %s with %q, got %+v of:\n%s", c.level, c.check, c.says, got, strings.Join(findings(report), "\n"))
			}
			for _, cause := range report.Causes() {
				if cause.Check != c.check && got.MutedBy != cause.name() && cause.Level > Unknown {
					t.Errorf("also a cause: %s: %s", cause.Check, cause.Title)
				}
			}
		})
	}
}

// TestMutedByTheDatabase has targets that are UP with nothing stored, since the newest sample is in the future.
func TestMutedByTheDatabase(t *testing.T) {
	s := newStack()
	s.replies[askTSDB] = map[string]any{"headStats": map[string]any{"numSeries": 9, "minTime": 1, "maxTime": s.now.Add(9 * time.Hour).UnixMilli()}}
	s.replies[askAge] = map[string]any{"result": []any{}}
	s.metrics[scrapeBounds], s.metrics[tsdbBounds] = 100, 100
	report := Judge(s.fleet(t), families())
	for _, check := range []string{"scrape/stale", "tsdb/out-of-bounds"} {
		if got, ok := found(report, check, ""); !ok || got.MutedBy != "tsdb/head-in-future vm1" {
			t.Errorf("%s: %+v", check, got)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"15s": 15 * time.Second, "1h30m": 90 * time.Minute, "15d": 360 * time.Hour, "1w": 168 * time.Hour, "1y": 8760 * time.Hour, "500ms": 500 * time.Millisecond,
		"0s": 0, "": 0, "d": 0, "15": 0, "1x": 0, "-1s": 0, "1d12h": 36 * time.Hour,
	} {
		if got := duration(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func FuzzDataDirs(f *testing.F) {
	f.Add("dir", "100 990 /var/lib/prometheus")
	f.Add("meta", `01A/meta.json:{"minTime":1,"maxTime":2}`)
	f.Add("wal", "1 00 -3 x")
	f.Fuzz(func(t *testing.T, key, value string) {
		h := Host{Probes: map[string]Answer{dataProbe: {Values: []Value{{"dir", "1 1 /a"}, {key, value}, {"other", value}, {"dir", value}}}}}
		if _, _, err := h.dataDirs(); err != nil {
			t.Error(err)
		}
	})
}

// TestCausesExist demands that what a check comes after, and reads, is a check.
func TestCausesExist(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range Checks() {
		ids[c.ID] = true
	}
	for _, c := range families() {
		for _, id := range append(c.After, c.Reads...) {
			if !ids[id] {
				t.Errorf("%s comes after %s, which is no check", c.ID, id)
			}
		}
	}
}
