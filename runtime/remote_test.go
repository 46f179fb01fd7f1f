package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
)

func lset(name string, pairs ...string) labels.Labels {
	return labels.FromStrings(append([]string{"__name__", name}, pairs...)...)
}

// write sends samples of one series by remote write 1.0; app_1 is app{n="1"}.
func write(t *testing.T, m *Monitor, name string, samples ...prompb.Sample) (code int, body string) {
	t.Helper()
	metric, n, labelled := strings.Cut(name, "_")
	series := []prompb.Label{{Name: "__name__", Value: metric}}
	if labelled {
		series = append(series, prompb.Label{Name: "n", Value: n})
	}
	request := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{Labels: series, Samples: samples}}}
	raw, err := request.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return post(t, m, "write", typeV1, snappy.Encode(nil, raw))
}

func TestRemoteWriteFromTheFuture(t *testing.T) {
	m := running(t, Options{RemoteWrite: true, ConfigFile: file(t, "p.yml", "global: {}\n")})
	now := time.Now().UnixMilli()
	if code, body := write(t, m, "now", prompb.Sample{Value: 1, Timestamp: now}); code != http.StatusNoContent {
		t.Errorf("now: %d %s", code, body)
	}
	code, body := write(t, m, "future", prompb.Sample{Value: 1, Timestamp: now + time.Hour.Milliseconds()})
	if code != http.StatusBadRequest || !strings.Contains(body, "out of bounds") {
		t.Errorf("future: %d %s", code, body)
	}
	if _, body := get(t, m, fmt.Sprintf("/api/v1/query?query=future&time=%d", now/1000+3600)); !strings.Contains(body, `"result":[]`) {
		t.Errorf("it was stored: %s", body)
	}
	off := running(t, Options{ConfigFile: file(t, "p.yml", "global: {}\n")})
	if code, _ := write(t, off, "now", prompb.Sample{Value: 1, Timestamp: now}); code != http.StatusNotFound {
		t.Errorf("accepted although it is off: %d", code)
	}
}

// One monitor writes to another, a third reads from that, a fourth federates it.
func TestRemoteEnds(t *testing.T) {
	far := running(t, Options{RemoteWrite: true, ConfigFile: file(t, "p.yml", "global: {external_labels: {site: far}}\n")})
	base := strings.TrimSuffix(far.URL().String(), "/")
	app := exposing(t, "app_total 42\n")
	running(t, Options{ConfigFile: file(t, "p.yml", `global: {scrape_interval: 1s, external_labels: {site: near}}
remote_write: [{url: "`+base+`/api/v1/write"}]
scrape_configs: [{job_name: app, static_configs: [{targets: ["`+app+`"]}]}]
`)})
	until(t, "what was written", func() bool {
		_, body := get(t, far, `/api/v1/query?query=app_total{site="near"}`)
		return strings.Contains(body, `"42"`)
	})
	reader := running(t, Options{ConfigFile: file(t, "p.yml", "remote_read: [{url: \""+base+"/api/v1/read\", read_recent: true}]\n")})
	until(t, "what is read", func() bool {
		_, body := get(t, reader, "/api/v1/query?query=app_total")
		return strings.Contains(body, `"42"`)
	})

	_, body := get(t, far, `/federate?match[]=app_total&match[]={__name__="up"}`)
	if !strings.Contains(body, `app_total{instance="`+app+`",job="app",site="near"} 42 `) {
		t.Errorf("federation: %s", body)
	}
	federating := running(t, Options{ConfigFile: file(t, "p.yml", `global: {scrape_interval: 1s}
scrape_configs: [{job_name: federate, honor_labels: true, metrics_path: /federate, params: {"match[]": ['{job="app"}']}, static_configs: [{targets: ["`+far.listener.Addr().String()+`"]}]}]
`)})
	until(t, "what is federated", func() bool {
		_, body := get(t, federating, `/api/v1/query?query=app_total{site="near",job="app"}`)
		return strings.Contains(body, `"42"`)
	})
}

// Remote ends may come and go with a reload; while there are none, samples do not pass through remote write.
func TestRemoteWriteAddedByAReload(t *testing.T) {
	far := running(t, Options{RemoteWrite: true, ConfigFile: file(t, "p.yml", "global: {}\n")})
	scraping := "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: app, static_configs: [{targets: ['" + exposing(t, "app_total 42\n") + "']}]}]\n"
	config := file(t, "p.yml", scraping)
	near := running(t, Options{ConfigFile: config})
	newest := func() string { // seconds, of the samples that remote write was given
		_, body := get(t, near, "/metrics")
		_, rest, _ := strings.Cut(body, "\nprometheus_remote_storage_highest_timestamp_in_seconds ")
		value, _, _ := strings.Cut(rest, "\n")
		return value
	}
	stored := func(m *Monitor) bool {
		_, body := get(t, m, "/api/v1/query?query=app_total")
		return strings.Contains(body, `"42"`)
	}
	until(t, "the first scrape", func() bool { return stored(near) })
	if got := newest(); got != "0" {
		t.Errorf("remote write was given samples although there is none: %q", got)
	}
	if err := os.WriteFile(config, []byte(scraping+"remote_write: [{url: '"+far.URL().String()+"api/v1/write'}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, body := ask(t, near, http.MethodPost, "/-/reload", nil); code != http.StatusOK {
		t.Fatalf("reload: %d %s", code, body)
	}
	until(t, "what was written", func() bool { return stored(far) })
	if got := newest(); got == "0" || got == "" {
		t.Errorf("the newest that remote write was given: %q", got)
	}
}

func TestAlertsReachTheAlertmanager(t *testing.T) {
	var got atomic.Pointer[string]
	am := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		s := r.URL.Path + " " + string(text)
		got.Store(&s)
	}))
	defer am.Close()
	// It fires when the Alertmanager is known: discovery takes up to 5 s, and an alert is sent again only after a minute.
	rules := file(t, "r.yml", "groups: [{name: a, interval: 1s, rules: [{alert: Always, expr: vector(7) > 1, for: 8s, annotations: {summary: 'is {{ $value }}'}}]}]\n")
	running(t, Options{ConfigFile: file(t, "p.yml", "global: {external_labels: {site: here}}\nrule_files: ["+rules+"]\nalerting: {alertmanagers: [{static_configs: [{targets: ['"+strings.TrimPrefix(am.URL, "http://")+"']}]}]}\n")})
	until(t, "the alert", func() bool { return got.Load() != nil })
	for _, want := range []string{"/api/v2/alerts", `"alertname":"Always"`, `"site":"here"`, `is 7`, "generatorURL"} {
		if !strings.Contains(*got.Load(), want) {
			t.Errorf("no %s in %s", want, *got.Load())
		}
	}
}

func TestDiscovery(t *testing.T) {
	byFile, byHTTP := exposing(t, "from_file 1\n"), exposing(t, "from_http 1\n")
	list := file(t, "targets.json", `[{"targets":["`+byFile+`"],"labels":{"a":"b"}}]`)
	sd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode([]map[string]any{{"targets": []string{byHTTP}}})
	}))
	defer sd.Close()
	m := running(t, Options{ConfigFile: file(t, "p.yml", `global: {scrape_interval: 1s}
scrape_configs:
- {job_name: file, file_sd_configs: [{files: ["`+list+`"]}]}
- {job_name: http, http_sd_configs: [{url: "`+sd.URL+`", refresh_interval: 1s}]}
- {job_name: dns, dns_sd_configs: [{names: [nothing.invalid], type: A, port: 1}]}
`)})
	for _, name := range []string{"from_file", "from_http"} {
		until(t, name, func() bool { _, body := get(t, m, "/api/v1/query?query="+name); return strings.Contains(body, `"1"`) })
	}
	if err := os.WriteFile(list, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "the end of the target of the file", func() bool {
		_, body := get(t, m, "/api/v1/targets?scrapePool=file")
		return strings.Contains(body, `"activeTargets":[]`)
	})
}

func TestNativeHistogramsAreScraped(t *testing.T) {
	reg := prometheus.NewRegistry()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "native_seconds", NativeHistogramBucketFactor: 1.1})
	reg.MustRegister(h)
	for _, v := range []float64{.1, .2, .2, 3} {
		h.Observe(v)
	}
	s := httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	defer s.Close()
	m := running(t, Options{ConfigFile: file(t, "p.yml", "global: {scrape_interval: 1s, scrape_native_histograms: true}\nscrape_configs: [{job_name: a, static_configs: [{targets: ['"+strings.TrimPrefix(s.URL, "http://")+"']}]}]\n")})
	until(t, "the histogram", func() bool {
		_, body := get(t, m, "/api/v1/query?query=native_seconds")
		return strings.Contains(body, `"histogram":[`) && strings.Contains(body, `"count":"4"`)
	})
}

// A stop is quick although an Alertmanager and a remote end never answer, and a query runs.
func TestStopsWithinASecond(t *testing.T) {
	hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer hang.CloseClientConnections()
	address := strings.TrimPrefix(hang.URL, "http://")
	rules := file(t, "r.yml", "groups: [{name: a, interval: 1s, rules: [{alert: Always, expr: vector(7)}, {record: slow, expr: 'count_over_time(vector(1)[3d:1s])'}]}]\n")
	m, stop := started(t, Options{HostMetrics: true, ConfigFile: file(t, "p.yml", `global: {scrape_interval: 1s}
rule_files: ["`+rules+`"]
alerting: {alertmanagers: [{static_configs: [{targets: ["`+address+`"]}]}]}
remote_write: [{url: "`+hang.URL+`"}]
scrape_configs:
- {job_name: hang, static_configs: [{targets: ["`+address+`"]}]}
- {job_name: self, static_configs: [{targets: ["`+SelfAddress+`"]}]}
`)})
	until(t, "some data", func() bool { _, body := get(t, m, "/api/v1/query?query=up"); return strings.Contains(body, `"1"`) })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, m.URL().String()+"api/v1/query?query=count_over_time(vector(1)[50d:1s])", nil)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	time.Sleep(200 * time.Millisecond) // lets the query begin; nothing is asserted of it
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
