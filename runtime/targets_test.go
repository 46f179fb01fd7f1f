package runtime

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	goruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// badTargets are exporters that misbehave, and what a person reads of them.
var badTargets = []struct {
	name, want string
	serve      http.HandlerFunc
}{
	{"endless", "exceeded", func(w http.ResponseWriter, _ *http.Request) {
		for lines := series("endless_%d 1\n", 1000); writes(w, lines); {
		}
	}},
	{"gigabyte", "body size limit exceeded", func(w http.ResponseWriter, _ *http.Request) {
		line := []byte("# " + strings.Repeat("x", 1<<20) + "\n")
		for n := 0; n < 1024 && writes(w, line); n++ {
		}
	}},
	{"garbage", "expected", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\x7fELF\x02\x01\x01 {{{\n")) }},
	{"html", "received unsupported Content-Type", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<html>hello</html>")
	}},
	{"slow", "context deadline exceeded", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			fmt.Fprint(w, "#")
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
			time.Sleep(50 * time.Millisecond)
		}
	}},
	{"million", "sample limit exceeded", func(w http.ResponseWriter, _ *http.Request) { writes(w, million()) }},
	{"labels", "label_limit exceeded", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "bomb{")
		for n := range 1000 {
			fmt.Fprintf(w, "l%d=\"x\",", n)
		}
		fmt.Fprint(w, "} 1\n")
	}},
	{"value", "label_value_length_limit exceeded", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "bomb{l=%q} 1\n", strings.Repeat("x", 1<<20))
	}},
	{"name", "label_name_length_limit exceeded", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "bomb{%s=\"x\"} 1\n", strings.Repeat("x", 1<<16))
	}},
	{"gzip", "body size limit exceeded", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		writes(w, bomb())
	}},
	{"silent", "context deadline exceeded", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	{"headers", "server response headers exceeded", func(w http.ResponseWriter, _ *http.Request) {
		conn := taken(w)
		defer conn.Close()
		line := []byte("X: " + strings.Repeat("x", 1<<16) + "\r\n")
		for _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\n")); err == nil; _, err = conn.Write(line) {
		}
	}},
	{"trickled-headers", "context deadline exceeded", func(w http.ResponseWriter, _ *http.Request) {
		conn := taken(w)
		defer conn.Close()
		for _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\n")); err == nil; _, err = conn.Write([]byte("X: x\r\n")) {
			time.Sleep(50 * time.Millisecond)
		}
	}},
	{"redirects", "stopped after 10 redirects", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/metrics", http.StatusFound) }},
	{"utf8-help", "is not a valid utf8 string", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("# HELP a \xff\na 1\n")) }},
	{"utf8-name", "invalid syntax while parsing", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a\xff 1\n")) }},
	{"utf8", "invalid UTF-8", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a{l=\"\xff\xfe\"} 1\n")) }},
	{"teapot", "server returned HTTP status 418", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }},
}

// bomb is a gigabyte of comments, packed: one packed member again and again, which a reader takes for one text.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(strings.Repeat("# "+strings.Repeat("x", 1<<10)+"\n", 1<<12)))
	_ = z.Close()
	return bytes.Repeat(b.Bytes(), 1<<8)
})

// taken is the connection of a target that does not speak HTTP as it should.
func taken(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	return conn
}

// million is an exposition of a million series, made once: what is tested reads it, not makes it.
var million = sync.OnceValue(func() []byte { return series("m{n=\"%d\"} 1\n", 1_000_000) })

// series is a line for each number below n.
func series(format string, n int) []byte {
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, format, i)
	}
	return b
}

// writes says whether somebody still reads.
func writes(w http.ResponseWriter, b []byte) bool {
	_, err := w.Write(b)
	return err == nil
}

func TestBadTargets(t *testing.T) {
	var config strings.Builder
	config.WriteString("global: {scrape_interval: 10s, scrape_timeout: 5s}\nscrape_configs:\n")
	for _, bad := range badTargets {
		s := httptest.NewServer(plain404(bad.serve))
		t.Cleanup(s.Close) // after the monitor has ended
		fmt.Fprintf(&config, "- job_name: %s\n  static_configs: [{targets: ['%s']}]\n", bad.name, strings.TrimPrefix(s.URL, "http://"))
		if bad.name == "gzip" { // the default is another one's to test, and takes seconds to unpack with the race detector
			config.WriteString("  body_size_limit: 1MB\n")
		}
	}
	good := exposing(t, "good 1\n")
	fmt.Fprintf(&config, "- job_name: good\n  static_configs: [{targets: ['%s']}]\n", good)
	m := running(t, Options{ConfigFile: file(t, "p.yml", config.String())})
	before := heap()
	var missing []string
	for range 120 { // seconds, of which a machine that is not busy needs ten
		if missing = waitingFor(t, m); len(missing) == 0 {
			break
		}
		time.Sleep(time.Second)
	}
	if len(missing) > 0 {
		t.Errorf("not as they should be:\n%s", strings.Join(missing, "\n"))
	}
	if grown := heap() - before; grown > 1<<30 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	} else {
		t.Logf("the heap grew by %d MB", grown>>20)
	}
	if series := m.store.db.Head().NumSeries(); series > maxSamples+5000 {
		t.Errorf("%d series were stored of bad targets", series)
	}
}

// plain404 gives a target the content type of the text format, unless it sets another.
func plain404(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		h(w, r)
	}
}

// waitingFor lists the targets that do not show what they should.
func waitingFor(t *testing.T, m *Monitor) []string {
	t.Helper()
	_, body := get(t, m, "/api/v1/targets?state=active")
	var answer struct {
		Data struct {
			ActiveTargets []struct{ ScrapePool, LastError, Health string }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, target := range answer.Data.ActiveTargets {
		shown[target.ScrapePool] = target.Health + " " + target.LastError
	}
	var missing []string
	for _, bad := range badTargets {
		if !strings.HasPrefix(shown[bad.name], "down ") || !strings.Contains(shown[bad.name], bad.want) {
			missing = append(missing, bad.name+": "+shown[bad.name])
		}
	}
	if shown["good"] != "up " {
		missing = append(missing, "good: "+shown["good"])
	}
	return missing
}

// heap is what the heap holds of this machine's memory, in bytes: resident without the race detector's own, which is several times as much.
func heap() int64 {
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	return int64(m.HeapSys - m.HeapReleased)
}

// resident is the memory of this process, in bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

func TestQueryLimits(t *testing.T) {
	m := running(t, Options{QueryMaxSamples: 1000, ConfigFile: file(t, "p.yml", "global: {}\n")})
	a := m.store.db.Appender(t.Context())
	for n := range int64(2000) {
		if _, err := a.Append(0, lset("many", "n", strconv.FormatInt(n, 10)), time.Now().UnixMilli(), 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Commit(); err != nil {
		t.Fatal(err)
	}
	if code, body := get(t, m, "/api/v1/query?query=many"); code != http.StatusUnprocessableEntity || !strings.Contains(body, "too many samples") {
		t.Errorf("memory: %d %s", code, body)
	}
	before := resident(t)
	if code, body := get(t, m, "/api/v1/query?query=count_over_time(vector(1)[10y:1s])"); code != http.StatusBadRequest || !strings.Contains(body, "subquery of 315360000 steps") {
		t.Errorf("subquery: %d %s", code, body)
	}
	if code, body := get(t, m, "/api/v1/query?query=max_over_time(count_over_time(vector(1)[10m:1s])[10m:1s])"); code != http.StatusBadRequest || !strings.Contains(body, "subquery of 1200 steps") {
		t.Errorf("nested subquery: %d %s", code, body)
	}
	if grown := resident(t) - before; grown > 1<<28 {
		t.Errorf("refusing took %d MB", grown>>20)
	}
	hasty := running(t, Options{QueryTimeout: 20 * time.Millisecond, ConfigFile: file(t, "p.yml", "global: {}\n")})
	slow := "/api/v1/query?query=count_over_time(vector(1)[50d:1s])" // 4 million steps
	if code, body := get(t, hasty, slow); code != http.StatusServiceUnavailable || !strings.Contains(body, `"errorType":"timeout"`) {
		t.Errorf("timeout: %d %s", code, body)
	}
	if code, _ := get(t, m, "/api/v1/query?query=1"); code != http.StatusOK {
		t.Errorf("a small query after them: %d", code)
	}
}

// A target that streams for ever is read no longer than its limit: not until the scrape's time is over.
func TestEndlessTargetIsCut(t *testing.T) {
	var sent atomic.Int64
	cut := make(chan bool, 1)
	s := httptest.NewServer(plain404(func(w http.ResponseWriter, _ *http.Request) {
		for lines := series("endless_%d 1\n", 10_000); writes(w, lines) && sent.Load() < 1<<30; {
			sent.Add(int64(len(lines)))
		}
		select {
		case cut <- true:
		default:
		}
	}))
	defer s.Close()
	running(t, Options{ConfigFile: file(t, "p.yml", "global: {scrape_interval: 2s, scrape_timeout: 2s}\nscrape_configs: [{job_name: a, body_size_limit: 1MB, static_configs: [{targets: ['"+strings.TrimPrefix(s.URL, "http://")+"']}]}]\n")})
	<-cut
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("%d MB were read of a target that is allowed one", n>>20)
	}
}

// A query ends when nobody waits for its answer any more.
func TestQueryEndsWithItsClient(t *testing.T) {
	m := running(t, Options{QueryMaxSamples: 500_000_000, ConfigFile: file(t, "p.yml", "global: {}\n")})
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.URL().String()+"api/v1/query?query=count_over_time(vector(1)[500d:1s])", nil)
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		left <- err
	}()
	until(t, "the query", func() bool { return m.web.running.Load() == 1 })
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Fatalf("the query was over before its client left (%v): the test shows nothing", err)
	}
	until(t, "the end of the query", func() bool { return m.web.running.Load() == 0 })
}
