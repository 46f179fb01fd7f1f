package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/runtime/page"
)

// world is a real server with real targets, and in front of it the page. The server is Debian's Prometheus 2.42, and what that does not
// offer (the clock, the list of blocks, the doctor) is a stand-in; or, with MONCTL_BINARY=FILE, that monctl serve, with nothing stood in for.
type world struct {
	url    string    // of the page
	victim *exec.Cmd // a node_exporter that may be killed
	monctl string    // program that serves; "" is Debian's Prometheus

	mu      sync.Mutex
	clock   func() clockAnswer
	blocks  []block // nil: the server has no such path
	doctor  any     // likewise
	broken  bool    // the server answers nothing that is of use
	reading bool    // the server answers as one that still reads its log
}

type clockAnswer struct {
	ServerTime float64   `json:"serverTime"`
	NTP        *ntpState `json:"ntp"`
}

type ntpState struct {
	Offset float64 `json:"offset"`
	Bound  float64 `json:"bound"`
	Source string  `json:"source"`
}

type block struct {
	ULID       string         `json:"ulid"`
	MinTime    int64          `json:"minTime"`
	MaxTime    int64          `json:"maxTime"`
	Stats      map[string]int `json:"stats"`
	Compaction map[string]int `json:"compaction"`
}

func now() float64 { return float64(time.Now().UnixMicro()) / 1e6 }

func wellClock() clockAnswer {
	return clockAnswer{now(), &ntpState{0.002, 0.02, "three servers of the stand-in"}}
}

func (w *world) setClock(f func() clockAnswer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = f
}

func (w *world) setBroken(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = on
}

func (w *world) setReading(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reading = on
}

func (w *world) setDoctor(answer any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.doctor = answer
}

func (w *world) setBlocks(b []block) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blocks = b
}

// newWorld starts everything and waits until there is something to see; it skips where the checkers of .ci/setup are missing.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: wellClock, monctl: os.Getenv("MONCTL_BINARY")}
	w.startFront(t, w.startServer(t))
	w.ask(t, `rate(node_cpu_seconds_total[1m])`)
	w.ask(t, `ALERTS{alertstate="firing"}`)
	return w
}

func checker(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache, "monctl-tools/checkers/usr/bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not here; make setup unpacks it", name)
	}
	return path
}

// freePort is one that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs a program until the test ends, and waits for its HTTP server.
func start(t *testing.T, ready, name string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(name, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		log.Close()
	})
	eventually(t, filepath.Base(name)+" answers", func() bool {
		r, err := http.Get(ready)
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return c
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within a minute: %s", what)
}

func (w *world) startServer(t *testing.T) string {
	t.Helper()
	prometheus, promtool, exporter := checker(t, "prometheus"), checker(t, "promtool"), checker(t, "prometheus-node-exporter")
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	backfill(t, promtool, dir, data)

	node, victim, address := freePort(t), freePort(t), freePort(t)
	start(t, "http://"+node+"/metrics", exporter, "--web.listen-address="+node)
	w.victim = start(t, "http://"+victim+"/metrics", exporter, "--web.listen-address="+victim, "--collector.disable-defaults", "--collector.cpu", "--collector.uname")

	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(login.Close)
	website := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<!doctype html><html><body>Welcome</body></html>")
	}))
	t.Cleanup(website.Close)

	write(t, filepath.Join(dir, "rules.yml"), rules)
	write(t, filepath.Join(dir, "prometheus.yml"), fmt.Sprintf(configuration, node, victim, address, host(login), host(website)))
	ready, config := "http://"+address+"/-/ready", filepath.Join(dir, "prometheus.yml")
	if w.monctl != "" {
		start(t, ready, w.monctl, "serve", "--config="+config, "--data="+data, "--listen="+address, "--ntp=none")
	} else {
		start(t, ready, prometheus, "--config.file="+config, "--storage.tsdb.path="+data, "--web.listen-address="+address, "--log.level=warn")
	}
	return "http://" + address
}

func host(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

const configuration = `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
- job_name: node
  static_configs: [{targets: ["%s", "%s"]}]
- job_name: prometheus
  static_configs: [{targets: ["%s"]}]
- job_name: login
  static_configs: [{targets: ["%s"]}]
- job_name: website
  static_configs: [{targets: ["%s"]}]
- job_name: elsewhere
  scheme: https
  static_configs: [{targets: ["no-such-host.invalid"]}]
`

const rules = `
groups:
- name: machines
  rules:
  - alert: TargetDown
    expr: up == 0
    labels: {severity: critical}
    annotations: {summary: "{{ $labels.instance }} does not answer"}
  - alert: LittleMemory
    expr: node_memory_MemAvailable_bytes > 0
    for: 1h
    annotations: {summary: "pending for an hour"}
  - alert: Quiet
    expr: up > 5
  - record: instance:cpu:ratio
    expr: 1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[1m]))
  - record: broken
    expr: up * on (job) node_cpu_seconds_total
`

// backfill makes a block of yesterday, so that there is a day before to compare with.
func backfill(t *testing.T, promtool, dir, data string) {
	t.Helper()
	var text strings.Builder
	text.WriteString("# TYPE wave gauge\n")
	began := time.Now().Add(-25 * time.Hour).Truncate(time.Minute)
	for i := range 20 * 60 { // it ends hours ago: a block that reached over now would make Prometheus refuse samples of now
		if i%180 > 150 {
			continue // a gap is to be seen as a gap
		}
		at := began.Add(time.Duration(i) * time.Minute)
		fmt.Fprintf(&text, "wave{side=\"left\"} %d %d\n", 50+(i*7)%40, at.Unix())
	}
	text.WriteString("# EOF\n")
	input := filepath.Join(dir, "backfill.txt")
	write(t, input, text.String())
	if out, err := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", input, data).CombinedOutput(); err != nil {
		t.Fatalf("backfill: %v\n%s", err, out)
	}
}

// startFront serves the page as monctl serve does.
func (w *world) startFront(t *testing.T, server string) {
	t.Helper()
	handler, err := page.Handler()
	if err != nil {
		t.Fatal(err)
	}
	upstream, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	proxy := httputil.NewSingleHostReverseProxy(upstream)
	mux.Handle("/api/", proxy)
	if w.monctl == "" {
		mux.HandleFunc("GET /api/monctl/clock", w.clockStandIn)
		mux.HandleFunc("GET /api/v1/status/tsdb/blocks", w.blocksStandIn)
		mux.HandleFunc("GET /api/monctl/doctor", w.doctorStandIn)
	}
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		broken, reading := w.broken, w.reading
		w.mu.Unlock()
		if reading && strings.HasPrefix(r.URL.Path, "/api/") {
			readingStandIn(rw, r)
			return
		}
		if broken {
			http.Error(rw, "the server behind is gone", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(rw, r)
	}))
	t.Cleanup(front.Close)
	w.url = front.URL
}

func (w *world) clockStandIn(rw http.ResponseWriter, _ *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	reply(rw, w.clock())
}

func (w *world) blocksStandIn(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.blocks == nil {
		http.NotFound(rw, r)
		return
	}
	reply(rw, map[string]any{"status": "success", "data": map[string]any{"blocks": w.blocks}})
}

func (w *world) doctorStandIn(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.doctor == nil {
		http.NotFound(rw, r)
		return
	}
	reply(rw, w.doctor)
}

// readingStandIn answers as monctl serve does while it reads the second of eight segments: a log that takes long enough to be looked at is
// too large for a test. That it does so is tested in package runtime.
func readingStandIn(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/api/v1/status/walreplay" {
		reply(w, map[string]any{"status": "success", "data": map[string]int{"min": 12, "max": 19, "current": 14}})
		return
	}
	http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

type target struct{ ScrapePool, ScrapeURL string }

// targets are those of the server.
func (w *world) targets(t *testing.T) []target {
	t.Helper()
	r, err := http.Get(w.url + "/api/v1/targets?state=active")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var answer struct {
		Data struct{ ActiveTargets []target }
	}
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Data.ActiveTargets
}

// ask waits until a query has a result.
func (w *world) ask(t *testing.T, expr string) {
	t.Helper()
	eventually(t, "samples of "+expr, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "GET", w.url+"/api/v1/query?query="+url.QueryEscape(expr), nil)
		if err != nil {
			return false
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		var got struct{ Data struct{ Result []any } }
		return json.NewDecoder(answer.Body).Decode(&got) == nil && len(got.Data.Result) > 0
	})
}
