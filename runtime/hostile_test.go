package runtime

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
)

// hostileQueries are texts that would take all memory, all time or the stack, and what is said of them.
var hostileQueries = map[string]struct{ query, want string }{
	"parentheses":   {strings.Repeat("(", 60_000) + "1" + strings.Repeat(")", 60_000), "expression with 60000 operators and brackets, more than the 2000"},
	"signs":         {strings.Repeat("-", 60_000) + "up", "expression with 60000 operators and brackets"},
	"sums":          {"1" + strings.Repeat("+1", 30_000), "expression with 30000 operators and brackets"},
	"calls":         {strings.Repeat("abs(", 20_000) + "up" + strings.Repeat(")", 20_000), "expression with 20000 operators and brackets"},
	"subqueries":    {"up" + strings.Repeat("[1m:1m]", 20_000), "expression with 20000 operators and brackets"},
	"long":          {`up{a="` + strings.Repeat("x", 1<<20) + `"}`, "expression of more than 1048576 bytes"},
	"regex":         {`up{a=~"` + strings.Repeat("x{1000}", 100) + `"}`, "repetitions {n} make them longer by 199800, more than the 20000"},
	"many regexes":  {"up{" + strings.Repeat(`a=~"x{1000}",`, 100) + "}", "repetitions {n} make them longer by 199800"},
	"nested regex":  {`up{a=~"((a{100}){100}){100}"}`, "invalid repeat count"},
	"deep regex":    {`up{a=~"` + strings.Repeat("(", 2000) + strings.Repeat(")", 2000) + `"}`, "nests too deeply"},
	"label_join":    {strings.Repeat("label_join(", 30) + "up" + strings.Repeat(`,"a","","a","a")`, 30), "label_join and label_replace in each other that can make a label of 131072 bytes, more than 65536"},
	"label_replace": {strings.Repeat("label_replace(", 30) + "up" + strings.Repeat(`,"a",("$1${1}"),"a","(.*)")`, 30), "can make a label of 131072 bytes"},
	"subquery":      {"count_over_time(vector(1)[10y:1s])", "steps, more than the 5000000 of a query"},
	"utf8":          {"up{a=\"\xff\"}", "1:6: parse error: invalid UTF-8 rune"},
	"utf8 name":     {"\xff\xfe", "unexpected character"},
}

func TestHostileQueries(t *testing.T) {
	m := running(t, Options{ConfigFile: file(t, "p.yml", "global: {}\n")})
	before := heap()
	for name, c := range hostileQueries {
		for _, path := range []string{"/api/v1/query_range?start=0&end=1&step=1&", "/api/v1/format_query?"} {
			if !strings.HasPrefix(path, "/api/v1/query") && (strings.HasPrefix(name, "label") || name == "subquery") {
				continue // which is as harmless there as any text
			}
			path, query, _ := strings.Cut(path, "?")
			code, body := ask(t, m, http.MethodPost, path, strings.NewReader(query+"query="+url.QueryEscape(c.query)))
			if code != http.StatusBadRequest || !strings.Contains(body, c.want) || len(body) > 5000 {
				t.Errorf("%s of %s: %d %.300s", path, name, code, body)
			}
		}
	}
	if grown := heap() - before; grown > 1<<29 {
		t.Errorf("refusing took %d MB", grown>>20)
	}
}

// What people and generators write is not refused.
func TestLongQueriesAreAnswered(t *testing.T) {
	m := running(t, Options{ConfigFile: file(t, "p.yml", "global: {}\n")})
	var hosts []string
	for n := range 2000 {
		hosts = append(hosts, fmt.Sprintf("host-%d.example:9100", n))
	}
	for name, query := range map[string]string{
		"alternatives": `sum by (instance) (rate(up{instance=~"` + strings.Join(hosts, "|") + `"}[5m]))`,
		"many parts":   "vector(1)" + strings.Repeat(" or vector(1)", 600),
		"deep":         strings.Repeat("abs(", 300) + "vector(-1)" + strings.Repeat(")", 300),
		"matchers":     "up{" + strings.Repeat(`a!="b",`, 3000) + "}",
		"repetitions":  `up{instance=~"[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}:[0-9]{2,5}",id=~"[a-f0-9]{64}"}`,
		"labels":       `label_join(label_replace(label_replace(vector(1), "a", "$1-$2", "b", "(.*):(.*)"), "c", "$1", "a", "(.*)"), "d", "/", "a", "b", "c")`,
	} {
		for _, path := range []string{"query", "format_query"} {
			if code, body := ask(t, m, http.MethodPost, "/api/v1/"+path, strings.NewReader("query="+url.QueryEscape(query))); code != http.StatusOK {
				t.Errorf("%s of %s: %d %.300s", path, name, code, body)
			}
		}
	}
}

func TestParametersOutOfRange(t *testing.T) {
	m := running(t, Options{AdminAPI: true, ConfigFile: file(t, "p.yml", "global: {}\n")})
	many := strings.Repeat(`&match[]=up`, maxSelectors)
	for path, want := range map[string]string{
		"query_range?query=1&start=1&end=2&step=0":                                       "zero or negative query resolution step widths",
		"query_range?query=1&start=1&end=2&step=-1":                                      "zero or negative query resolution step widths",
		"query_range?query=1&start=1&end=2&step=0.0000001":                               "steps of less than a millisecond are not accepted",
		"query_range?query=1&start=1&end=2&step=NaN":                                     `cannot parse \"NaN\" to a valid duration`,
		"query_range?query=1&start=1&end=2&step=1e300":                                   "overflows int64",
		"query_range?query=1&start=2&end=1&step=1":                                       "end timestamp must not be before start time",
		"query_range?query=1&start=0&end=11001&step=1":                                   "exceeded maximum resolution of 11,000 points",
		"query_range?query=1&start=-1e15&end=1e15&step=1e6":                              "more than 292 years after start",
		"query_range?query=1&start=NaN&end=NaN&step=1":                                   "it is beyond all times",
		"query_range?query=1&start=-Inf&end=Inf&step=1":                                  "it is beyond all times",
		"query?query=1&time=1e300":                                                       "it is beyond all times",
		"query?query=1&timeout=NaN":                                                      `cannot parse \"NaN\" to a valid duration`,
		"query?query=1&timeout=1e300":                                                    "overflows int64",
		"query?query=1&lookback_delta=NaN":                                               `cannot parse \"NaN\" to a valid duration`,
		"query?query=1&limit=-1":                                                         "limit must be non-negative",
		"query?query=1&limit=99999999999999999999":                                       "value out of range",
		"query?query=up%20@%201e300":                                                     "timestamp out of bounds for @ modifier",
		"query_range?query=count_over_time(vector(1)[1y:1s])&start=0&end=9.2e9&step=1e6": "subquery of 9231536000 steps",
		"series?match[]={}":                                                              "match[] must contain at least one non-empty matcher",
		"series?match[]=up" + many:                                                       "201 selectors, more than the 200 that one request may have",
		"labels?match[]=up" + many:                                                       "201 selectors, more than the 200",
		"label/a/values?match[]=up" + many:                                               "201 selectors, more than the 200",
		"label/%ff/values":                                                               "invalid label name",
		"labels?limit=-1":                                                                "limit must be non-negative",
		"query?query=%zz":                                                                "error parsing form values: invalid URL escape",
		"status/tsdb?limit=-1":                                                           "limit must be a positive number",
		"status/self_metrics?metric_name_pattern=(a":                                     "invalid metric_name_pattern",
	} {
		if code, body := get(t, m, "/api/v1/"+path); code != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%.100s: %d %.300s, want %s", path, code, body, want)
		}
	}
	for path, want := range map[string]string{"/federate?match[]=up" + many: "201 selectors, more than the 200", "/federate?match[]=%ff": "unexpected character"} {
		if code, body := get(t, m, path); code != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%.100s: %d %.300s", path, code, body)
		}
	}
	// At the edge they are answered, whatever the arithmetic does.
	for _, path := range []string{
		"query?query=up[290y]&time=9.2e15", "query?query=up[290y]&time=-9.2e15", "query?query=max_over_time(up[290y:280y])&time=9.2e15", "query?query=up%20offset%20-290y&time=9.2e15",
		"query?query=max_over_time(up[5m:1s]%20@%209.2e15)", "query?query=up&lookback_delta=290y", "query?query=1&timeout=290y", "query_range?query=1&start=0&end=11000&step=1",
	} {
		if code, body := get(t, m, "/api/v1/"+path); code != http.StatusOK {
			t.Errorf("%s: %d %.300s", path, code, body)
		}
	}
}

// Clients that trickle bodies hold no slot: not those of remote read, of which there are ten, and not those of queries.
func TestTricklingClientsHoldNoSlot(t *testing.T) {
	m := running(t, Options{QueryConcurrency: 2, RemoteWrite: true, ConfigFile: file(t, "p.yml", "global: {}\n")})
	address := m.listener.Addr().String()
	for _, path := range []string{"read", "write", "query", "query_range", "series"} {
		for range 12 {
			says(t, address, "POST /api/v1/"+path+" HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nq")
		}
	}
	if code, body := get(t, m, "/api/v1/query?query=1"); code != http.StatusOK {
		t.Errorf("a query: %d %s", code, body)
	}
	if code, body := write(t, m, "a", prompb.Sample{Value: 1, Timestamp: time.Now().UnixMilli()}); code != http.StatusNoContent {
		t.Errorf("remote write: %d %s", code, body)
	}
	if code, body := ask(t, m, http.MethodPost, "/api/v1/read", strings.NewReader("x")); code != http.StatusBadRequest || !strings.Contains(body, "snappy") {
		t.Errorf("remote read: %d %s", code, body)
	}
}

// While targets and clients do their worst, a stop is quick.
func TestStopsWhileAbused(t *testing.T) {
	worst := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/silent":
			<-r.Context().Done()
		case "/trickled":
			conn := taken(w)
			defer conn.Close()
			for _, err := conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); err == nil; _, err = conn.Write([]byte("#")) {
				time.Sleep(50 * time.Millisecond)
			}
		case "/endless":
			for line := series("e_%d 1\n", 10_000); writes(w, line); {
			}
		}
	}))
	defer worst.Close()
	defer worst.CloseClientConnections()
	var config strings.Builder
	config.WriteString("global: {scrape_interval: 1m, scrape_timeout: 1m}\nscrape_configs:\n")
	for _, path := range []string{"silent", "trickled", "endless"} {
		fmt.Fprintf(&config, "- {job_name: %s, metrics_path: /%s, body_size_limit: 10GB, static_configs: [{targets: ['%s']}]}\n", path, path, strings.TrimPrefix(worst.URL, "http://"))
	}
	m, stop := started(t, Options{RemoteWrite: true, ConfigFile: file(t, "p.yml", config.String())})
	address := m.listener.Addr().String()
	for _, text := range []string{
		"", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\nX: ", "GET /-/ready HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /api/v1/query HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nq", "POST /api/v1/write HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\nx",
		"GET /api/v1/query?query=count_over_time(vector(1)[20d:1s]) HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /api/v1/query?query=%22" + strings.Repeat("x", 900_000) + "%22 HTTP/1.1\r\nHost: a\r\n\r\n", // whose answer is not read
	} {
		for range 5 {
			says(t, address, text)
		}
	}
	until(t, "the queries", func() bool { return m.web.running.Load() >= 5 })
	began := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	took := time.Since(began)
	t.Logf("stopped in %s", took)
	if took > 5*time.Second { // far above the second that is promised: a machine under load is no defect
		t.Errorf("stopping took %s", took)
	}
}

// With 64 files to open, a flood of connections takes no file from data and targets, and all is as before when it is over.
func TestFewFiles(t *testing.T) {
	app := exposing(t, "app 7\n")
	data := filepath.Join(t.TempDir(), "data")
	m, _ := processBy(t, data, "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: a, static_configs: [{targets: ['"+app+"']}]}]\n", "sh", "-c", `ulimit -n 64; exec "$0"`, os.Args[0])
	send := func() (int, string) {
		return write(t, m, "w", prompb.Sample{Value: 1, Timestamp: time.Now().UnixMilli()})
	}
	flood, cancel := context.WithCancel(t.Context())
	for range 100 {
		conn, err := net.Dial("tcp", m.web.external.Host)
		if err != nil {
			t.Fatal(err)
		}
		go func() { <-flood.Done(); conn.Close() }()
	}
	for range 3 {
		if code, body := send(); code != http.StatusNoContent {
			t.Errorf("remote write in the flood: %d %s", code, body)
		}
	}
	scraped := func() bool {
		_, body := get(t, m, "/api/v1/query?query=count_over_time(app[1m])>2")
		return strings.Contains(body, `"job":"a"`)
	}
	until(t, "scrapes in the flood", scraped)
	cancel()
	if code, body := send(); code != http.StatusNoContent {
		t.Errorf("remote write after it: %d %s", code, body)
	}
}

// processBy is process with a configuration, begun by another program.
func processBy(t *testing.T, data, config string, name string, args ...string) (m *Monitor, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), asProcess+"="+data, asProcess+"_CONFIG="+file(t, "p.yml", config))
	return begin(t, cmd)
}

// Slow queries cost their clients, not the others: many at once end one after the other.
func TestManyQueriesAtOnce(t *testing.T) {
	m := running(t, Options{QueryConcurrency: 2, QueryTimeout: 20 * time.Millisecond, ConfigFile: file(t, "p.yml", "global: {}\n")})
	codes := make(chan int, 12)
	for range cap(codes) {
		go func() {
			resp, err := http.Get(m.URL().String() + "api/v1/query?query=count_over_time(vector(1)[30d:1s])")
			if err != nil {
				codes <- 0
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			codes <- resp.StatusCode
		}()
	}
	for range cap(codes) {
		if code := <-codes; code != http.StatusServiceUnavailable { // whether it was slow or waited for slow ones
			t.Errorf("a query that is too slow: %d", code)
		}
	}
	until(t, "the end of all in the engine", func() bool {
		_, body := get(t, m, "/metrics")
		return strings.Contains(body, "\nprometheus_engine_queries 0\n")
	})
	if code, body := get(t, m, "/api/v1/query?query=1"); code != http.StatusOK {
		t.Errorf("after them: %d %s", code, body)
	}
}
