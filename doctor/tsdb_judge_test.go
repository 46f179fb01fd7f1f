package doctor

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet/facts"
)

// TestTSDB spoils one thing of the healthy stack at a time.
func TestTSDB(t *testing.T) {
	head := func(s *stack, ahead time.Duration) {
		s.replies[askTSDB] = map[string]any{"headStats": map[string]any{"numSeries": 1000, "minTime": s.now.Add(-time.Hour).UnixMilli(), "maxTime": s.now.Add(ahead).UnixMilli()}}
	}
	block := func(s *stack, from, to time.Duration) {
		for key, d := range map[string]time.Duration{"minTime": from, "maxTime": to} {
			s.probe = append(s.probe, Value{"meta", fmt.Sprintf("01B%023d/meta.json:\t\"%s\": %d,", len(s.probe)/2, key, s.now.Add(d).UnixMilli())})
		}
	}
	set := func(s *stack, key, value string) {
		for i := range s.probe {
			if s.probe[i].Key == key {
				s.probe[i].Value = value
			}
		}
	}
	says := func(s *stack, text string) {
		s.journal = append(s.journal, Entry{Unit: "prometheus.service", At: s.now.Add(-time.Minute), Text: text})
	}
	earlier := func(s *stack, name string, value float64) {
		s.replies[askEarlier] = map[string]any{"result": []any{map[string]any{
			"metric": map[string]string{"__name__": name, "job": "prometheus", "instance": "127.0.0.1:9090"}, "value": []any{0, fmt.Sprint(value)},
		}}}
	}
	for name, c := range map[string]struct {
		spoil func(*stack)
		level Level
		check string
		says  string
	}{
		"head 9 h ahead":     {func(s *stack) { head(s, 9*time.Hour) }, Fail, "tsdb/head-in-future", "until 2026-11-22 20:00:00 UTC"},
		"head 30 min ahead":  {func(s *stack) { head(s, 30*time.Minute) }, Fail, "tsdb/head-in-future", "out of order until 2026-11-22 12:30:00 UTC"},
		"head 5 min ahead":   {func(s *stack) { head(s, 5*time.Minute) }, Warn, "tsdb/head-in-future", "wait until 2026-11-22 12:05:00 UTC"},
		"head under the eye": {func(s *stack) { head(s, 30*time.Second) }, OK, "", ""},
		"window takes it": {func(s *stack) {
			head(s, 9*time.Hour)
			s.config += "storage: {tsdb: {out_of_order_time_window: 10h}}\n"
		}, Warn, "tsdb/head-in-future", "takes samples of now"},
		"block ahead":      {func(s *stack) { block(s, 26*time.Hour, 28*time.Hour) }, Fail, "tsdb/blocks-in-future", "1 block lies"},
		"block across now": {func(s *stack) { block(s, -time.Hour, time.Hour) }, Fail, "tsdb/block-across-now", "until 2026-11-22 13:00:00 UTC"},
		"history doomed": {func(s *stack) {
			block(s, 30*24*time.Hour, 30*24*time.Hour+2*time.Hour)
		}, Fail, "tsdb/future-retention", "ALARM: 1 block"},
		"history doomed, but retention is long": {func(s *stack) {
			block(s, 30*24*time.Hour, 30*24*time.Hour+2*time.Hour)
			s.replies[askFlags] = map[string]string{"storage.tsdb.retention.time": "1y", "storage.tsdb.min-block-duration": "2h"}
		}, Fail, "tsdb/blocks-in-future", "in the future"},
		"block of 1970": {func(s *stack) { block(s, -56*365*24*time.Hour, -56*365*24*time.Hour+time.Hour) }, Note, "tsdb/old-block", "existed"},
		"frozen, small": {func(s *stack) { s.targets[1].LastScrape = s.now.Add(5 * time.Minute) }, Fail, "tsdb/frozen-scrape-clock", "5m"},
		"gate 1 frozen": {func(s *stack) {
			for i := range s.targets {
				s.targets[i].LastScrape = s.now.Add(9 * time.Hour)
			}
			s.metrics[scrapeBounds] = 99
			earlier(s, scrapeBounds, 9)
		}, Fail, "tsdb/out-of-bounds", "Gate 1: the scrape clock is frozen"},
		"gate 1 frozen, with rules": {func(s *stack) {
			for i := range s.targets {
				s.targets[i].LastScrape = s.now.Add(9 * time.Hour)
			}
			s.metrics[scrapeBounds] = 99
			earlier(s, scrapeBounds, 9)
			s.metrics[tsdbBounds] = 3
			earlier(s, tsdbBounds, 1)
		}, Fail, "tsdb/out-of-bounds", "Gate 1: the scrape clock is frozen"},
		"gate 2 of old stamps": {func(s *stack) {
			s.metrics[scrapeBounds], s.metrics[tsdbBounds] = 9, 9
			says(s, "Error on ingesting samples that are too old or are too far into the future")
		}, Fail, "tsdb/out-of-bounds", "Gate 2: they are more than an hour behind"},
		"gate 5": {func(s *stack) {
			s.metrics[tsdbTooOld] = 9
			says(s, "Error on ingesting samples that are too old or are too far into the future")
		}, Fail, "tsdb/out-of-bounds", "Gate 5"},
		"over since long": {func(s *stack) { s.metrics[scrapeBounds] = 99; earlier(s, scrapeBounds, 99) }, OK, "", ""},
		"nobody knows": {func(s *stack) {
			s.metrics[scrapeBounds] = 99
			s.vm1.Unread = map[string]string{"journal": "needs root"}
		}, Unknown, "tsdb/out-of-bounds", "not known"},
		"restarted within gate 3": {func(s *stack) {
			head(s, 30*time.Minute)
			s.metrics[scrapeOutOfOrder] = 9
		}, Fail, "tsdb/out-of-order", "It heals at 2026-11-22 12:30:00 UTC"},
		"frozen within gate 4": {func(s *stack) {
			s.targets[0].LastScrape = s.now.Add(5 * time.Minute)
			s.metrics[scrapeDuplicates] = 9
			says(s, "Error on ingesting samples with different value but same timestamp")
		}, Fail, "tsdb/duplicate-timestamps", "frozen 5m"},
		"receiver before 2.54": {func(s *stack) {
			s.replies[askFlags] = map[string]string{"web.enable-remote-write-receiver": "true"}
		}, Warn, "tsdb/samples-ahead", "2.53.0"},
		"torn log":         {func(s *stack) { s.metrics["prometheus_tsdb_wal_corruptions_total"] = 1 }, Warn, "tsdb/wal-corrupt", "cut the log"},
		"damaged segment":  {func(s *stack) { says(s, "create checkpoint: read segments: corruption in segment") }, Fail, "tsdb/wal-corrupt", "monctl data repair vm1/prometheus"},
		"segment missing":  {func(s *stack) { set(s, "wal", "3 00000004 00000009 9000") }, Fail, "tsdb/wal-corrupt", "missing"},
		"chunks damaged":   {func(s *stack) { s.metrics["prometheus_tsdb_mmap_chunk_corruptions_total"] = 1 }, Warn, "tsdb/head-chunks", "damaged"},
		"block broken":     {func(s *stack) { s.probe = append(s.probe, Value{"broken", "01X has no index"}) }, Fail, "tsdb/block-corrupt", "01X"},
		"compaction fails": {func(s *stack) { s.metrics["prometheus_tsdb_compactions_failed_total"] = 3 }, Warn, "tsdb/compaction", "3 times"},
		"checkpoint fails": {func(s *stack) { s.metrics["prometheus_tsdb_checkpoint_creations_failed_total"] = 1 }, Fail, "tsdb/wal-size", "cannot be cut"},
		"log too large":    {func(s *stack) { set(s, "wal", "300 00000004 00000303 90000000") }, Warn, "tsdb/wal-size", "87890 MB"},
		"two retentions": {func(s *stack) {
			s.config += "storage: {tsdb: {retention: {time: 1y}}}\n"
			s.replies[askFlags] = map[string]string{"storage.tsdb.retention.time": "30d"}
		}, Warn, "tsdb/retention", "1y, not the 30d"},
		"size comes first": {func(s *stack) {
			s.metrics["prometheus_tsdb_size_retentions_total"] = 5
			s.metrics["prometheus_tsdb_lowest_timestamp_seconds"] = float64(s.now.Add(-3 * 24 * time.Hour).Unix())
		}, Warn, "tsdb/retention", "3d0h, not the 15d0h"},
		"shared": {func(s *stack) {
			s.probe = append(s.probe, Value{"dir", "101 990 /srv"}, Value{"stat", "8:1 990 990 750"})
		}, Fail, "tsdb/shared-data", "100, 101"},
		"wrong owner":     {func(s *stack) { s.probe = append(s.probe, Value{"foreign", "./queries.active"}) }, Warn, "tsdb/ownership", "/var/lib/prometheus/queries.active"},
		"lost and group":  {func(s *stack) { s.probe = append(s.probe, Value{"foreign", "."}) }, OK, "", ""},
		"NFS":             {func(s *stack) { set(s, "fs", "nfs|4096|26000000|20000000|0|0") }, Fail, "tsdb/filesystem", "network"},
		"memory":          {func(s *stack) { set(s, "fs", "tmpfs|4096|26000000|20000000|0|0") }, Warn, "tsdb/filesystem", "reboot"},
		"full":            {func(s *stack) { set(s, "fs", "ext2/ext3|4096|26000000|0|6000000|5900000") }, Fail, "tsdb/disk-space", "full"},
		"low":             {func(s *stack) { set(s, "fs", "ext2/ext3|4096|26000000|1300000|6000000|5900000") }, Warn, "tsdb/disk-space", "5.0 %"},
		"no inodes":       {func(s *stack) { set(s, "fs", "ext2/ext3|4096|26000000|20000000|6000000|60") }, Fail, "tsdb/disk-space", "inodes"},
		"read-only":       {func(s *stack) { s.vm1.Mounts = []facts.Disk{{Path: "/", ReadOnly: true}} }, Fail, "tsdb/disk-space", "read-only"},
		"folder gone":     {func(s *stack) { s.probe = []Value{{"dir", "100 990 /var/lib/prometheus"}, {"missing", ""}} }, Fail, "tsdb/data-path", "does not exist"},
		"relative folder": {func(s *stack) { s.vm1.Components[0].Flags["storage.tsdb.path"] = "data/" }, Note, "tsdb/data-path", "is started"},
		"unit says other": {func(s *stack) {
			s.vm1.Units[0].Properties["ExecStart"] = "{ path=/usr/bin/prometheus ; argv[]=/usr/bin/prometheus --storage.tsdb.path=/srv/prom ; }"
		}, Warn, "tsdb/data-path", "another data folder"},
		"older data": {func(s *stack) { s.probe = append(s.probe, Value{"other", "8:9 1700000000 40 /opt/prometheus/data"}) }, Note, "tsdb/data-path", "holds more history"},
		"churn": {func(s *stack) {
			s.metrics["prometheus_tsdb_head_series_created_total"] = 90000
			earlier(s, "prometheus_tsdb_head_series_created_total", 1000)
		}, Warn, "tsdb/series-churn", "89000 series"},
		"too many":     {func(s *stack) { s.metrics["process_resident_memory_bytes"] = 7 << 30 }, Warn, "tsdb/series-growth", "memory"},
		"restart loop": {func(s *stack) { s.vm1.Units[0].Properties["NRestarts"] = "7" }, Warn, "tsdb/restarts", "7 times"},
		"killed":       {func(s *stack) { s.vm1.Units[0].Properties["Result"] = "oom-kill" }, Warn, "tsdb/restarts", "memory"},
		"starting":     {func(s *stack) { s.replies[askRuntime] = Reply{Status: 503, Body: "Service Unavailable"} }, Warn, "tsdb/answers", "still starting"},
		"HTML":         {func(s *stack) { s.replies[askRuntime] = Reply{Status: 200, Type: "text/html", Body: "<html>"} }, Fail, "tsdb/answers", "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack()
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
				if cause.Check != c.check && got.MutedBy != cause.name() && cause.Level > Note && cause.Level != Unknown {
					t.Errorf("also a cause: %s: %s", cause.Check, cause.Title)
				}
			}
		})
	}
}

// TestClocks has the seed case: a clock 31768 s ahead, before and after it was put right, and one that is behind.
func TestClocks(t *testing.T) {
	const off = 31768 * time.Second
	f := func(head, clockError time.Duration) Fleet {
		s := newStack()
		truth := s.now
		s.now = truth.Add(clockError)
		s.replies[askTSDB] = map[string]any{"headStats": map[string]any{"numSeries": 9, "minTime": truth.Add(-time.Hour).UnixMilli(), "maxTime": truth.Add(head).UnixMilli()}}
		f := s.fleet(t)
		for path, r := range f.Hosts[0].Components[0].Replies {
			r.Received = truth
			f.Hosts[0].Components[0].Replies[path] = r
		}
		f.Truth = clock.Truth{Known: true}
		return f
	}
	for name, c := range map[string]struct {
		head, clock time.Duration
		says        string
	}{
		"still ahead":     {off, off, "put the clock right with prometheus stopped, then monctl data repair vm1/prometheus"},
		"put right":       {off, 0, "until 2026-11-22 19:49:28 UTC"},
		"behind":          {0, -off, "leave the data alone"},
		"all is well":     {0, 0, ""},
		"behind, a bit":   {0, -20 * time.Second, ""},
		"ahead, of noise": {20 * time.Second, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := judgeHeadInFuture(servers(f(c.head, c.clock))[0])
			if err != nil || (len(found) > 0) != (c.says != "") || c.says != "" && !strings.Contains(fmt.Sprint(found), c.says) {
				t.Errorf("got %+v, %v", found, err)
			}
		})
	}
}

// TestFixesOfTheDatabase offers a restart and a stop only where they lose nothing.
func TestFixesOfTheDatabase(t *testing.T) {
	s := newStack()
	s.targets[1].LastScrape = s.now.Add(5 * time.Minute)
	f := s.fleet(t)
	frozen, _ := found(Judge(f, families()), "tsdb/frozen-scrape-clock", "")
	if fix, ok := fixFrozen(f, frozen); !ok || fix.Steps[0].Run != "systemctl restart prometheus.service" {
		t.Errorf("got %+v, %v", fix, ok)
	}
	s.probe = append(s.probe, Value{"meta", "01C00000000000000000000000/meta.json: \"minTime\": 2000000000000, \"maxTime\": 2000007200000"})
	f = s.fleet(t)
	if fix, ok := fixFrozen(f, frozen); ok {
		t.Errorf("a restart with a block in the future: %+v", fix)
	}
	alarm, _ := found(Judge(f, families()), "tsdb/future-retention", "")
	if fix, ok := fixFutureRetention(f, alarm); !ok || fix.Steps[0].Run != "systemctl stop prometheus.service" || fix.Then != "monctl data repair vm1/prometheus" {
		t.Errorf("got %+v, %v", fix, ok)
	}
	s.probe = append(s.probe, Value{"foreign", "./wal"})
	f = s.fleet(t)
	owner, _ := found(Judge(f, families()), "tsdb/ownership", "")
	if fix, ok := fixOwnership(f, owner); !ok || fix.Steps[0].Run != "chown -RhP 990 -- /var/lib/prometheus" {
		t.Errorf("got %+v, %v", fix, ok)
	}
	s.probe = append(s.probe, Value{"inside", ""})
	if fix, ok := fixOwnership(s.fleet(t), owner); ok {
		t.Errorf("the path is a container's: %+v", fix)
	}
}

// TestNothingIsWellUnasked leaves answers out, one at a time and all: nothing that was not answered counts as well.
func TestNothingIsWellUnasked(t *testing.T) {
	s := newStack()
	whole := s.fleet(t)
	s.vm1.Components[0].Replies, s.vm1.Components[0].Metrics, s.vm1.Probes = nil, nil, nil
	f := whole
	f.Hosts = []Host{s.vm1, whole.Hosts[1]}
	report := Judge(f, families())
	unknown := map[string]bool{}
	for _, one := range report.Findings {
		unknown[one.Check] = true
	}
	for _, c := range families() {
		exempt := map[string]bool{"scrape/collectors": true, "tsdb/restarts": true, "tsdb/stopped-ahead": true} // of another component, of systemd, of one that is stopped
		if !unknown[c.ID] && !exempt[c.ID] {
			t.Errorf("%s found nothing wrong in nothing", c.ID)
		}
	}
}

// TestStoppedAhead has a Prometheus that was stopped to set the clock back: starting it again is no cure.
func TestStoppedAhead(t *testing.T) {
	for name, c := range map[string]struct {
		written time.Duration // after now
		want    string
	}{
		"written 9 h ahead": {9 * time.Hour, "tsdb/stopped-ahead"},
		"written just now":  {time.Second, "install/not-running"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack()
			prom := &s.vm1.Components[0]
			prom.Running, prom.Process.PID = false, 0
			s.vm1.Units = []Unit{{Name: prom.Unit, Properties: map[string]string{"ActiveState": "inactive", "UnitFileState": "enabled"}}}
			s.probe = []Value{{"dir", "unit:" + prom.Unit + " 990 /var/lib/prometheus"}, {"written", fmt.Sprint(s.now.Add(c.written).Unix())}}
			checks := append(families(), installNotRunning())
			f := s.fleet(t)
			r := Judge(f, checks)
			stopped, _ := found(r, c.want, "")
			if stopped.Level != Fail || stopped.MutedBy != "" {
				t.Fatalf("got %+v in %+v", stopped, r.Causes())
			}
			starts := false
			for _, fix := range Fixes(f, r, checks, Warn) {
				starts = starts || strings.Contains(commands(fix.Steps), "systemctl start")
			}
			if starts != (c.want == "install/not-running") {
				t.Errorf("it is started: %v", starts)
			}
		})
	}
}

// TestEveryCheckIsWhole demands what the page of a check needs, and that no fix holds what must never be done.
func TestEveryCheckIsWhole(t *testing.T) {
	ids := map[string]int{}
	for _, c := range families() {
		ids[c.ID]++
		if c.Title == "" || c.Judge == nil || c.Doc.Symptom == "" || c.Doc.Cause == "" || c.Doc.Evidence == "" || c.Doc.Fix == "" || c.Doc.Risk == "" || c.Doc.Source == "" {
			t.Errorf("%s is not whole", c.ID)
		}
		for _, never := range []string{"rm -rf", "setenforce", "promtool tsdb repair", "rm lock"} {
			if strings.Contains(c.Doc.Fix, never) {
				t.Errorf("%s: the fix says %s", c.ID, never)
			}
		}
	}
	for id, n := range maps.All(ids) {
		if n > 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
}

// TestAnswersOfAnotherWorld gives every question answers that are JSON and something else. No check may break, and none may
// call it well.
func TestAnswersOfAnotherWorld(t *testing.T) {
	paths := []string{askTSDB, askFlags, askConfig, askRuntime, askTargets, askAge, askEarlier}
	for _, body := range []string{
		`{}`, `[]`, `null`, ``, `{"status":"success"}`, `{"status":"success","data":null}`, `{"status":"success","data":{}}`, `{"status":"success","data":[]}`,
		`{"status":"error","error":"no"}`, `{"status":"success","data":{"activeTargets":[1],"result":[{}],"yaml":": : [","headStats":{"maxTime":1e30}}}`,
	} {
		s := newStack()
		for _, path := range paths {
			s.replies[path] = Reply{Status: 200, Type: "application/json", Body: body}
		}
		report := Judge(s.fleet(t), families())
		for _, f := range report.Findings {
			if strings.Contains(f.Title, "broke") {
				t.Errorf("%s: %s: %s", body, f.Check, f.Title)
			}
		}
		for _, check := range []string{"tsdb/head-in-future", "tsdb/retention", "tsdb/frozen-scrape-clock", "scrape/interval", "scrape/stale", "scrape/duplicate-targets"} {
			if got, ok := found(report, check, ""); !ok || got.Level != Unknown {
				t.Errorf("%s: %s: got %+v, want unknown", body, check, got)
			}
		}
	}
}

// An API that wants a login is one of a server that runs: what it would say is unknown.
func TestPrometheusBehindALogin(t *testing.T) {
	s := newStack()
	s.replies[askRuntime] = Reply{Status: 401, Type: "text/plain", Body: "Unauthorized"}
	wants(t, Judge(s.fleet(t), families()), Unknown, "tsdb/answers", "", "its API wants a login")
	s.replies[askRuntime] = Reply{Status: 500, Type: "text/plain"}
	wants(t, Judge(s.fleet(t), families()), Fail, "tsdb/answers", "", "does not answer")
}
