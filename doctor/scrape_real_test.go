package doctor

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// page serves one body on loopback and gives its address.
func page(t *testing.T, status int, contentType, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// secure serves a page over TLS, with a certificate that nobody knows.
func secure(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "https://")
}

// slow serves nothing in time.
func slow(t *testing.T) string {
	t.Helper()
	end := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(end) })
	return strings.TrimPrefix(s.URL, "http://")
}

const good = "# TYPE m gauge\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n"

// TestRealTargets has one Prometheus scrape targets that fail in every way that loopback allows. Each must be explained
// by the one check that it is for, with the text that this Prometheus really gave.
func TestRealTargets(t *testing.T) {
	text := "text/plain; version=0.0.4"
	healthy := page(t, 200, text, good)
	jobs := []struct{ job, target, extra, check, says string }{
		{job: "refused", target: freeAddress(t), check: "scrape/localhost", says: "nothing listens there"},
		{job: "name", target: "a..b:9100", check: "scrape/name", says: "does not resolve"},
		{job: "unauthorized", target: page(t, 401, text, ""), check: "scrape/auth", says: "wants a password"},
		{job: "forbidden", target: page(t, 403, text, ""), check: "scrape/auth", says: "forbids"},
		{job: "path", target: page(t, 404, text, ""), check: "scrape/path", says: "404 Not Found"},
		{job: "error", target: page(t, 500, text, ""), check: "scrape/exporter-error", says: "error of its own"},
		{job: "html", target: page(t, 200, "text/html", "<!doctype html><title>Login</title>"), check: "scrape/content", says: "HTML"},
		{job: "json", target: page(t, 200, "application/json", `{"status":"ok"}`), check: "scrape/content", says: "JSON"},
		{job: "broken", target: page(t, 200, text, "m 1\nm{ 2\n"), check: "scrape/content", says: "no metric"},
		{job: "tls", target: secure(t), extra: "scheme: https", check: "scrape/tls", says: "ca_file"},
		{job: "expects-tls", target: page(t, 200, text, good), extra: "scheme: https", check: "scrape/scheme", says: "job says https"},
		{job: "has-tls", target: secure(t), check: "scrape/scheme", says: "job says http"},
		{job: "samples", target: page(t, 200, text, good), extra: "sample_limit: 1", check: "scrape/limit", says: "sample_limit"},
		{job: "label-limit", target: page(t, 200, text, good), extra: "label_limit: 1", check: "scrape/limit", says: "label_limit"},
		{job: "body", target: page(t, 200, text, good), extra: "body_size_limit: 5B", check: "scrape/limit", says: "body_size_limit"},
		{job: "slow", target: slow(t), check: "scrape/slow", says: "does not answer within 1s"},
		{job: "seldom", target: page(t, 200, text, good), extra: "scrape_interval: 5m", check: "scrape/interval", says: "5m"},
		{job: "twice", target: healthy, check: "", says: ""},
		{job: "again", target: healthy, check: "", says: ""},
		{job: "away", target: page(t, 200, text, good), extra: "relabel_configs: [{source_labels: [__address__], regex: nothing, action: keep}]", check: "scrape/relabelled-away", says: "drops 1 target"},
		{job: "instance", target: page(t, 200, text, good), extra: `relabel_configs: [{target_label: instance, replacement: ""}, {source_labels: [__address__], target_label: instance, regex: x}]`},
	}
	var config strings.Builder
	config.WriteString("global: {scrape_interval: 2s, scrape_timeout: 1s}\nscrape_configs:\n- {job_name: prometheus, static_configs: [{targets: [SELF]}]}\n")
	for _, j := range jobs {
		fmt.Fprintf(&config, "- job_name: %s\n  static_configs: [{targets: [%q]}]\n", j.job, j.target)
		if j.extra != "" {
			fmt.Fprintf(&config, "  %s\n", j.extra)
		}
	}
	config.WriteString("- job_name: none\n  file_sd_configs: [{files: [/nonexistent/*.yml]}]\n")
	for i, name := range []string{"one", "other"} {
		fmt.Fprintf(&config, "- job_name: same-%s\n  static_configs: [{targets: [%q], labels: {job: same, instance: same}}]\n", name, page(t, 200, text, fmt.Sprintf("m %d\n", i)))
	}
	r := prometheus(t, 0, config.String())
	r.scrapedBut("seldom")
	f := r.look(families())
	report := Judge(f, families())
	for _, j := range jobs {
		if j.check == "" {
			continue
		}
		got, ok := found(report, j.check, j.job)
		if !ok || !strings.Contains(got.Title+" "+got.Cause+" "+got.Fix, j.says) {
			t.Errorf("job %s: want %s with %q, got %+v", j.job, j.check, j.says, got)
		}
	}
	for _, one := range report.Findings { // a target that is down has one explanation
		for _, j := range jobs {
			if strings.HasPrefix(one.Tag, j.job+" ") && one.Check != j.check {
				t.Errorf("job %s: also %s: %s", j.job, one.Check, one.Title)
			}
		}
	}
	if idle := wants(t, report, Warn, "scrape/no-targets", "none", "no target"); idle.MutedBy != "" {
		t.Errorf("one job without targets is muted by another: %s", idle.MutedBy)
	}
	wants(t, report, Warn, "scrape/duplicate-targets", "address", "twice/"+healthy)
	wants(t, report, Fail, "scrape/duplicate-targets", "labels", "same labels: same/same")
	if t.Failed() {
		t.Logf("findings:\n%s", strings.Join(findings(report), "\n"))
	}
}

// scrapedBut waits until every target but those of one job was scraped.
func (r *real) scrapedBut(job string) {
	r.t.Helper()
	r.until("the targets were scraped", func() bool {
		list, err := r.targets()
		for _, t := range list.Active {
			if t.Health == "unknown" && t.Pool != job {
				return false
			}
		}
		return err == nil && len(list.Active) > 0
	})
}

func TestRealReloadThatFails(t *testing.T) {
	r := prometheus(t, 0, selfOnly, "--web.enable-lifecycle")
	r.scraped()
	r.write("prometheus.yml", "scrape_configs: [{job_name: 1, nonsense: true}]\n")
	resp, err := http.Post("http://"+r.Address+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	checks := families()
	wants(t, Judge(r.look(checks), checks), Fail, "scrape/config-reload", "", "last reload")
}

func TestRealRemoteWriteThatFails(t *testing.T) {
	receiver := page(t, 400, "text/plain", "out of bounds")
	r := prometheus(t, 0, selfOnly+"remote_write: [{url: \"http://user:secret@"+receiver+"/write\", queue_config: {batch_send_deadline: 100ms}}]\n")
	r.until("samples were refused", func() bool {
		s := server{Component: Component{Metrics: r.metrics()}}
		return s.counter("prometheus_remote_storage_samples_failed_total") > 0
	})
	checks := families()
	report := Judge(r.look(checks), checks)
	got := wants(t, report, Fail, "scrape/remote-write", "failed", "refused")
	if text := fmt.Sprint(got); strings.Contains(text, "secret") {
		t.Errorf("the password is in %s", text)
	}
}

func (r *real) metrics() Samples {
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + r.Address + "/metrics")
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return ParseMetrics(string(body))
}
