package doctor

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// writeRequest is one sample of one series in the remote-write format 1.0: a protobuf, in a snappy block of literals.
func writeRequest(name string, value float64, at time.Time) []byte {
	field := func(tag byte, body []byte) []byte {
		return append(binary.AppendUvarint([]byte{tag}, uint64(len(body))), body...)
	}
	label := append(field(0x0a, []byte("__name__")), field(0x12, []byte(name))...)
	sample := binary.LittleEndian.AppendUint64([]byte{0x09}, math.Float64bits(value))
	sample = binary.AppendUvarint(append(sample, 0x10), uint64(at.UnixMilli()))
	message := field(0x0a, append(field(0x0a, label), field(0x12, sample)...))
	block := binary.AppendUvarint(nil, uint64(len(message)))
	return append(append(block, 60<<2, byte(len(message)-1)), message...)
}

func (r *real) send(name string, at time.Time) {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+r.Address+"/api/v1/write", bytes.NewReader(writeRequest(name, 1, at)))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Encoding", "snappy")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		r.t.Fatalf("remote write answered %d", resp.StatusCode)
	}
}

// block writes a block with two samples, and gives its folder.
func makeBlock(t *testing.T, at time.Time) string {
	t.Helper()
	dir := t.TempDir()
	text := filepath.Join(dir, "in")
	body := fmt.Sprintf("# TYPE m gauge\nm 1 %d\nm 2 %d\n# EOF\n", at.Unix(), at.Unix()+15)
	if err := os.WriteFile(text, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	if said, err := exec.Command(program(t, "promtool"), "tsdb", "create-blocks-from", "openmetrics", text, out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	blocks, _ := filepath.Glob(filepath.Join(out, strings.Repeat("?", 26)))
	if len(blocks) != 1 {
		t.Fatalf("promtool made blocks %v", blocks)
	}
	return blocks[0]
}

// adopt moves a block into the data folder of a running Prometheus.
func (r *real) adopt(block string) {
	r.t.Helper()
	if said, err := exec.Command("mv", block, filepath.Join(r.Dir, "data")).CombinedOutput(); err != nil {
		r.t.Fatalf("%v: %s", err, said)
	}
}

// TestRealSamplesInTheFuture sends one sample of nine hours ahead, after which this Prometheus stores nothing more while all
// its targets are UP, and adds a block of a month ahead, for which it would delete the good one.
func TestRealSamplesInTheFuture(t *testing.T) {
	good, future := makeBlock(t, time.Now().Add(-50*time.Hour)), makeBlock(t, time.Now().Add(30*24*time.Hour))
	r := prometheus(t, 0, selfOnly, "--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=15d")
	r.scraped()
	r.send("ahead", time.Now().Add(9*time.Hour))
	r.until("samples were refused", func() bool {
		s := server{Component: Component{Metrics: r.metrics()}}
		return s.counter(scrapeBounds) > 0 && s.counter(tsdbBounds) > 0
	})
	sent := time.Now()
	r.until("the newest sample is old", func() bool { return time.Since(sent) > 10*time.Second })
	r.adopt(good)
	r.adopt(future)
	checks := families()
	f := r.look(checks)
	report := Judge(f, checks)
	alarm := wants(t, report, Fail, "tsdb/future-retention", "", "of good history about to be deleted")
	if _, ok := fixFutureRetention(f, alarm); ok {
		t.Error("a fix stops a unit, and there is none")
	}
	wants(t, report, Fail, "tsdb/blocks-in-future", "", "1 block lies in the future")
	wants(t, report, Fail, "tsdb/head-in-future", "", "in the future")
	wants(t, report, Fail, "tsdb/block-across-now", "", "samples are refused until")
	stale := wants(t, report, Fail, "scrape/stale", "", "nothing new is stored of 1 of 1")
	gate := wants(t, report, Fail, "tsdb/out-of-bounds", "gate-2", "Gate 2")
	if gate.MutedBy == "" || stale.MutedBy == "" || alarm.MutedBy != "" {
		t.Errorf("the gate is muted by %q, the alarm by %q", gate.MutedBy, alarm.MutedBy)
	}
	wants(t, report, Fail, "tsdb/samples-ahead", "", "any time in the future")
	wants(t, report, Note, "tsdb/admin-api", "", "admin API")
	for _, cause := range report.Causes() {
		if cause.Check != "tsdb/future-retention" && cause.Check != "tsdb/samples-ahead" && cause.Check != "tsdb/admin-api" {
			t.Errorf("flagged as a cause: %s: %s", cause.Check, cause.Title)
		}
	}
	if s := servers(f)[0]; s.mayRestart() {
		t.Error("a restart with a block in the future loses what is only in the log")
	}
}

// stamped serves a page whose lines are made anew for each scrape.
func stamped(t *testing.T, line func(n int64) string) string {
	t.Helper()
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = w.Write([]byte(line(n.Add(1))))
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// TestRealTimeStamps has exporters that send time stamps of their own, which three gates refuse.
func TestRealTimeStamps(t *testing.T) {
	ms := func(ago time.Duration) int64 { return time.Now().Add(-ago).UnixMilli() }
	fixed := ms(time.Minute)
	ahead := stamped(t, func(n int64) string { return fmt.Sprintf("ahead %d %d\n", n, ms(-time.Hour)) })
	same := stamped(t, func(n int64) string { return fmt.Sprintf("same %d %d\n", n, fixed) })
	back := stamped(t, func(n int64) string { return fmt.Sprintf("back %d %d\n", n, fixed-1000*n) })
	config := selfOnly
	for i, target := range []string{ahead, same, back} {
		config += fmt.Sprintf("- {job_name: stamps%d, static_configs: [{targets: [%q]}]}\n", i, target)
	}
	r := prometheus(t, 0, config)
	r.until("all three gates refused", func() bool {
		s := server{Component: Component{Metrics: r.metrics()}}
		return s.counter(scrapeBounds) > 0 && s.counter(scrapeDuplicates) > 0 && s.counter(scrapeOutOfOrder) > 0
	})
	checks := families()
	report := Judge(r.look(checks), checks)
	wants(t, report, Fail, "tsdb/out-of-bounds", "gate-1", "an exporter sends time stamps of its own")
	wants(t, report, Warn, "tsdb/duplicate-timestamps", "", "Gate 4")
	wants(t, report, Warn, "tsdb/out-of-order", "", "Gate 3")
	for _, f := range report.Findings {
		if f.Check == "tsdb/head-in-future" || f.Check == "tsdb/frozen-scrape-clock" {
			t.Errorf("also %s: %s", f.Check, f.Title)
		}
	}
}

// TestRealDataFolder spoils the folder of a running Prometheus, in ways that stop its next start.
func TestRealDataFolder(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to run prometheus as another user")
	}
	const nobody = 65534
	block, old := makeBlock(t, time.Now().Add(-50*time.Hour)), makeBlock(t, time.Unix(600, 0))
	r := prometheus(t, nobody, selfOnly)
	r.scraped()
	data := filepath.Join(r.Dir, "data")
	address := freeAddress(t)
	second := exec.Command(program(t, "prometheus"), "--config.file=../prometheus.yml", "--storage.tsdb.path=../data/", "--web.listen-address="+address)
	second.Dir = data
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Process.Kill(); _ = second.Wait() })
	r.until("the second one has the folder open", func() bool { return (&real{Address: address}).get("/-/ready") == http.StatusOK })
	r.adopt(block)
	r.adopt(old)
	for _, name := range []string{"wal/00000007", "chunks_head/000001", "chunks_head/000003"} {
		if err := os.WriteFile(filepath.Join(data, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(data, filepath.Base(block), "meta.json")); err != nil {
		t.Fatal(err)
	}
	checks := families()
	f := r.look(checks)
	report := Judge(f, checks)
	wants(t, report, Fail, "tsdb/wal-corrupt", "gap", "missing")
	wants(t, report, Fail, "tsdb/head-chunks", "gap", "missing")
	wants(t, report, Fail, "tsdb/block-corrupt", "", "1 block is not complete")
	wants(t, report, Note, "tsdb/old-block", "", "before Prometheus existed")
	wants(t, report, Fail, "tsdb/shared-data", "two", "another process")
	owner := wants(t, report, Warn, "tsdb/ownership", "", "another user")
	if want := "chown -RhP 65534 -- " + data; owner.Fix != want {
		t.Errorf("got %q, want %q", owner.Fix, want)
	}
	if _, ok := fixOwnership(f, owner); ok {
		t.Error("owners are changed for units only: who started this one by hand knows why")
	}
}
