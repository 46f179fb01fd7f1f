package doctor

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/fleet/facts"
)

// stack is a hand-made fleet of a Prometheus on vm1 and an exporter on vm2, in which all is well.
type stack struct {
	now     time.Time
	targets []target
	config  string
	replies map[string]any // by path, besides those
	metrics Samples
	probe   []Value
	journal []Entry
	vm1     Host
	vm2     Host
}

func newStack() *stack {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	listens := func(address string, pid int) facts.Listener {
		return facts.Listener{Network: "tcp", Address: netip.MustParseAddrPort(address), PID: pid}
	}
	s := &stack{now: now, metrics: Samples{
		"process_start_time_seconds":                                            float64(now.Add(-24 * time.Hour).Unix()),
		"prometheus_tsdb_head_series":                                           1000,
		"prometheus_tsdb_head_series_created_total":                             1200,
		"prometheus_tsdb_head_samples_appended_total":                           5e6,
		"prometheus_tsdb_compactions_failed_total":                              0,
		"prometheus_tsdb_checkpoint_creations_failed_total":                     0,
		"prometheus_tsdb_wal_corruptions_total":                                 0,
		"prometheus_tsdb_mmap_chunk_corruptions_total":                          0,
		"prometheus_target_scrapes_sample_out_of_bounds_total":                  0,
		"prometheus_tsdb_out_of_bound_samples_total":                            0,
		"prometheus_target_scrapes_sample_out_of_order_total":                   0,
		"prometheus_target_scrapes_sample_duplicate_timestamp_total":            0,
		"prometheus_tsdb_too_old_samples_total":                                 0,
		`prometheus_build_info{version="2.53.0"}`:                               1,
		"prometheus_sd_file_read_errors_total":                                  0,
		"prometheus_remote_storage_highest_timestamp_in_seconds":                float64(now.Unix()),
		`prometheus_remote_storage_queue_highest_sent_timestamp_seconds{a="b"}`: float64(now.Unix()) - 5,
	}}
	s.targets = []target{
		{Pool: "prometheus", URL: "http://127.0.0.1:9090/metrics", Labels: map[string]string{"job": "prometheus", "instance": "127.0.0.1:9090"}},
		{Pool: "node", URL: "http://192.0.2.2:9100/metrics", Labels: map[string]string{"job": "node", "instance": "192.0.2.2:9100"}},
	}
	for i := range s.targets {
		t := &s.targets[i]
		t.Health, t.Interval, t.Timeout, t.Took, t.LastScrape = "up", "15s", "10s", 0.01, now.Add(-5*time.Second)
		t.Discovered = map[string]string{"__address__": t.address(), "job": t.Pool}
	}
	s.config = "scrape_configs:\n- job_name: prometheus\n  scrape_interval: 15s\n- job_name: node\n  scrape_interval: 15s\n"
	s.probe = []Value{
		{"dir", "100 990 /var/lib/prometheus"},
		{"stat", "8:1 990 990 750"},
		{"fs", "ext2/ext3|4096|26000000|20000000|6000000|5900000"},
		{"meta", "01AAAAAAAAAAAAAAAAAAAAAAAA/meta.json:\t\"minTime\": " + fmt.Sprint(now.Add(-5*time.Hour).UnixMilli()) + ","},
		{"meta", "01AAAAAAAAAAAAAAAAAAAAAAAA/meta.json:\t\"maxTime\": " + fmt.Sprint(now.Add(-2*time.Hour).UnixMilli()) + ","},
		{"wal", "3 00000004 00000006 9000"},
		{"chunks", "2 000002 000003 400"},
	}
	unit := func(name string) Unit {
		return Unit{Name: name, Properties: map[string]string{"ActiveState": "active", "LoadState": "loaded", "UnitFileState": "enabled", "NRestarts": "0", "Result": "success"}}
	}
	s.vm1 = Host{
		Name: "vm1", Address: "192.0.2.1", ScrapeAddress: "192.0.2.1", Root: true, Units: []Unit{unit("prometheus.service")}, Reached: map[string]Reached{},
		Facts: facts.Facts{
			Memory: facts.Memory{Total: 8 << 30}, Clock: facts.Clock{Time: now}, ListenersRead: true, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
			Listeners: []facts.Listener{listens("[::]:9090", 100)},
		},
		Components: []Component{{
			Kind: "prometheus", Name: "prometheus", Running: true, Unit: "prometheus.service", Process: Process{PID: 100, UID: 990}, Base: "http://127.0.0.1:9090",
			Listen: []netip.AddrPort{netip.MustParseAddrPort("[::]:9090")}, Flags: map[string]string{"config.file": "/etc/prometheus/prometheus.yml", "storage.tsdb.path": "/var/lib/prometheus"},
		}},
	}
	s.vm2 = Host{
		Name: "vm2", Address: "192.0.2.2", ScrapeAddress: "192.0.2.2", Root: true, Units: []Unit{unit("node_exporter.service")},
		Facts: facts.Facts{
			Memory: facts.Memory{Total: 8 << 30}, Clock: facts.Clock{Time: now}, ListenersRead: true, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.2")},
			Listeners: []facts.Listener{listens("[::]:9100", 200)},
		},
		Components: []Component{{
			Kind: "node_exporter", Name: "node_exporter", Running: true, Unit: "node_exporter.service", Process: Process{PID: 200}, Base: "http://127.0.0.1:9100",
			Listen: []netip.AddrPort{netip.MustParseAddrPort("[::]:9100")}, Metrics: Samples{`node_scrape_collector_success{collector="cpu"}`: 1, `node_scrape_collector_success{collector="nfs"}`: 0},
		}},
	}
	s.replies = map[string]any{
		askTSDB:    map[string]any{"headStats": map[string]any{"numSeries": 1000, "minTime": now.Add(-2 * time.Hour).UnixMilli(), "maxTime": now.UnixMilli()}},
		askFlags:   map[string]string{"storage.tsdb.retention.time": "0s", "storage.tsdb.min-block-duration": "2h", "query.lookback-delta": "5m"},
		askRuntime: map[string]any{"reloadConfigSuccess": true},
		askEarlier: map[string]any{"result": []any{}},
	}
	return s
}

// fleet makes the fleet that would have been looked at.
func (s *stack) fleet(t *testing.T) Fleet {
	t.Helper()
	replies := map[string]any{askTargets: targetList{Active: s.targets}, askConfig: map[string]string{"yaml": s.config}}
	var ages []any
	for _, one := range s.targets {
		ages = append(ages, map[string]any{"metric": one.Labels, "value": []any{0, "5"}})
	}
	replies[askAge] = map[string]any{"result": ages}
	for path, data := range s.replies {
		replies[path] = data
	}
	c := &s.vm1.Components[0]
	c.Replies, c.Metrics = map[string]Reply{}, s.metrics
	for path, data := range replies {
		body, err := json.Marshal(map[string]any{"status": "success", "data": data})
		if err != nil {
			t.Fatal(err)
		}
		c.Replies[path] = Reply{Status: 200, Type: "application/json", Body: string(body), Date: s.now.Format(time.RFC1123), Received: s.now}
		if raw, ok := data.(Reply); ok {
			c.Replies[path] = raw
		}
	}
	s.vm1.Probes = map[string]Answer{dataProbe: {Values: s.probe}}
	s.vm1.Journal = s.journal
	return Fleet{Taken: s.now, Hosts: []Host{s.vm1, s.vm2}, Settings: Default()}
}

func TestHealthyStackHasNoFinding(t *testing.T) {
	report := Judge(newStack().fleet(t), families())
	if len(report.Findings) > 0 {
		t.Errorf("got:\n%s", strings.Join(findings(report), "\n"))
	}
}

// TestTroubleOfATarget tells apart, with what the target's host and a connection say, what looks the same to Prometheus.
func TestTroubleOfATarget(t *testing.T) {
	const refused = `Get "http://192.0.2.2:9100/metrics": dial tcp 192.0.2.2:9100: connect: connection refused`
	const timeout = `Get "http://192.0.2.2:9100/metrics": context deadline exceeded`
	const unroutable = `Get "http://192.0.2.2:9100/metrics": dial tcp 192.0.2.2:9100: connect: no route to host`
	const to, ssh = "192.0.2.2:9100", "192.0.2.2:22"
	only := func(addresses ...string) func(*stack) {
		return func(s *stack) {
			s.vm2.Facts.Listeners = nil
			for _, a := range addresses {
				s.vm2.Facts.Listeners = append(s.vm2.Facts.Listeners, facts.Listener{Network: "tcp", Address: netip.MustParseAddrPort(a), PID: 200, Process: "node_exporter"})
			}
		}
	}
	stopped := func(s *stack) {
		only()(s)
		s.vm2.Components[0].Running, s.vm2.Components[0].Listen = false, nil
	}
	away := func(s *stack) { s.vm2 = Host{Name: "vm3"} }
	for name, c := range map[string]struct {
		text        string
		spoil       func(*stack)
		reached     map[string]ReachKind
		check, says string
	}{
		"stopped unit":               {refused, stopped, map[string]ReachKind{to: ReachRefused}, "scrape/refused", "systemctl start node_exporter.service"},
		"other port":                 {refused, only("[::]:9101"), map[string]ReachKind{to: ReachRefused}, "scrape/refused", "not on 9100"},
		"bound to localhost":         {refused, only("127.0.0.1:9100"), map[string]ReachKind{to: ReachRefused}, "scrape/bound-to-localhost", "only on 127.0.0.1:9100"},
		"bound to another address":   {refused, only("10.0.0.2:9100"), map[string]ReachKind{to: ReachRefused}, "scrape/bound-to-localhost", "only on 10.0.0.2:9100"},
		"rejected with a reset":      {refused, nil, map[string]ReachKind{to: ReachRefused}, "scrape/firewall", "rejects"},
		"rejected with icmp":         {unroutable, nil, map[string]ReachKind{to: ReachUnroutable}, "scrape/firewall", "rejects"},
		"dropped":                    {timeout, nil, map[string]ReachKind{to: ReachTimeout, ssh: ReachOK}, "scrape/firewall", "drops"},
		"dropped, and SSH too":       {timeout, nil, map[string]ReachKind{to: ReachTimeout, ssh: ReachTimeout}, "scrape/firewall", "drops"},
		"dropped, of a strange host": {timeout, away, map[string]ReachKind{to: ReachTimeout, ssh: ReachRefused}, "scrape/firewall", "drops"},
		"strange host is down":       {timeout, away, map[string]ReachKind{to: ReachTimeout, ssh: ReachTimeout}, "scrape/host-down", "does not answer at all"},
		"strange host, no route":     {unroutable, away, map[string]ReachKind{to: ReachUnroutable, ssh: ReachUnroutable}, "scrape/host-down", "does not answer at all"},
		"strange host refuses":       {refused, away, map[string]ReachKind{to: ReachRefused}, "scrape/refused", "was not examined"},
		"slow":                       {timeout, nil, map[string]ReachKind{to: ReachOK}, "scrape/slow", "does not answer within 10s"},
		"forwarding is forbidden":    {timeout, nil, map[string]ReachKind{to: ReachForbidden}, "scrape/slow", "cannot tell why"},
		"answers again":              {refused, nil, map[string]ReachKind{to: ReachOK}, "scrape/refused", "answers now"},
		"expired certificate":        {`x509: certificate has expired or is not yet valid: current time 2026-11-22T12:00:00Z is after 2026-01-01T00:00:00Z`, nil, nil, "scrape/tls", "has expired"},
		"early certificate":          {`x509: certificate has expired or is not yet valid: current time 2026-11-22T12:00:00Z is before 2027-01-01T00:00:00Z`, nil, nil, "scrape/tls", "not valid yet"},
		"name not in certificate":    {`x509: certificate is valid for a.example, not b.example`, nil, nil, "scrape/tls", "server_name"},
		"no content type in 3.0":     {`non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target`, nil, nil, "scrape/content", "fallback_scrape_protocol"},
		"never seen":                 {"something of version 9", nil, nil, "scrape/exporter-error", "something of version 9"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack()
			s.targets[1].Health, s.targets[1].LastError = "down", c.text
			if c.spoil != nil {
				c.spoil(s)
			}
			for address, kind := range c.reached {
				s.vm1.Reached[address] = Reached{Kind: kind, OK: kind == ReachOK}
			}
			f := s.fleet(t)
			report := Judge(f, families())
			got, ok := found(report, c.check, "node")
			if !ok || !strings.Contains(fmt.Sprint(got), c.says) || len(report.Findings) != 1 && name != "other port" {
				t.Fatalf("want %s alone with %q, got:\n%s", c.check, c.says, strings.Join(findings(report), "\n"))
			}
			fix, can := fixRefused(f, got)
			if can != (name == "stopped unit") {
				t.Errorf("fix: %v %+v", can, fix)
			}
			if can && (fix.Host != "vm2" || !strings.Contains(fix.Steps[0].Run, "systemctl start node_exporter.service")) {
				t.Errorf("got %+v", fix)
			}
		})
	}
}

// TestTroubleOfAJob: a path that is wrong is wrong for a whole job, and said once; a job with one good target has bad targets.
func TestTroubleOfAJob(t *testing.T) {
	const notFound = "server returned HTTP status 404 Not Found"
	for name, c := range map[string]struct {
		errs []string // of the targets of one job; "" is up
		want []string // titles
	}{
		"all":            {[]string{notFound, notFound, notFound}, []string{"node (all 3 targets) has no metrics at that path"}},
		"all but one":    {[]string{notFound, notFound, ""}, []string{"node/t0 has no metrics at that path", "node/t1 has no metrics at that path"}},
		"different ways": {[]string{notFound, "server returned HTTP status 405 Method Not Allowed"}, []string{"node/t0 has no metrics at that path", "node/t1 has no metrics at that path"}},
		"the only one":   {[]string{notFound}, []string{"node/t0 has no metrics at that path"}},
		"each refuses": {
			[]string{"dial tcp 192.0.2.20:9100: connect: connection refused", "dial tcp 192.0.2.21:9100: connect: connection refused"},
			[]string{"nothing listens at 192.0.2.20:9100, the target node/t0", "nothing listens at 192.0.2.21:9100, the target node/t1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack()
			node := s.targets[1]
			s.targets = s.targets[:1]
			for i, err := range c.errs {
				one := node
				one.URL, one.LastError = fmt.Sprintf("http://192.0.2.2%d:9100/metrics", i), err
				one.Labels = map[string]string{"job": "node", "instance": fmt.Sprintf("t%d", i)}
				if err != "" {
					one.Health = "down"
				}
				s.targets = append(s.targets, one)
			}
			s.vm2 = Host{Name: "vm3"}
			var got []string
			for _, f := range Judge(s.fleet(t), families()).Findings {
				got = append(got, f.Title)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
