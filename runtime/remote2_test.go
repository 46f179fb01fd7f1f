package runtime

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// prometheus313 is a Prometheus of the release whose packages are built in, on a folder of its own; it accepts remote write.
func prometheus313(t *testing.T, config string) *Monitor {
	t.Helper()
	path, err := exec.LookPath("prometheus-3.13.5")
	if err != nil {
		t.Skip("no prometheus-3.13.5 in PATH: ", err)
	}
	address := freeAddress(t)
	cmd := exec.CommandContext(t.Context(), path, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(t.TempDir(), "data"),
		"--web.listen-address="+address, "--web.enable-remote-write-receiver", "--log.level=error")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	m := at(t, "http://"+address+"/")
	awaitReady(t, m, "Prometheus 3.13.5")
	return m
}

// between lets remote write through to a server, and remembers the content type of the last request that was accepted.
func between(t *testing.T, to *Monitor) (address string, contentType *atomic.Value) {
	t.Helper()
	contentType = &atomic.Value{}
	proxy := httputil.NewSingleHostReverseProxy(to.web.external)
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.StatusCode/100 == 2 {
			contentType.Store(r.Request.Header.Get("Content-Type"))
		}
		return nil
	}
	s := httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	return s.URL, contentType
}

// Samples go by remote write 2.0 from the monitor to Prometheus and from Prometheus to the monitor.
func TestRemoteWrite2BothWays(t *testing.T) {
	app := exposing(t, "# TYPE sent_total counter\nsent_total{site=\"here\"} 42\n")
	sending := func(url string) string {
		return file(t, "p.yml", `global: {scrape_interval: 1s}
scrape_configs: [{job_name: app, static_configs: [{targets: ["`+app+`"]}]}]
remote_write: [{url: "`+url+`/api/v1/write", protobuf_message: io.prometheus.write.v2.Request, queue_config: {batch_send_deadline: 100ms}}]
`)
	}
	empty := file(t, "p.yml", "global: {}\n")
	for name, pair := range map[string]func(t *testing.T) (receiver *Monitor, send func(config string)){
		"out, to Prometheus 3.13.5": func(t *testing.T) (*Monitor, func(string)) {
			return prometheus313(t, empty), func(config string) { running(t, Options{ConfigFile: config}) }
		},
		"in, from Prometheus 3.13.5": func(t *testing.T) (*Monitor, func(string)) {
			return running(t, Options{ConfigFile: empty, RemoteWrite: true}), func(config string) { prometheus313(t, config) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			receiver, send := pair(t)
			address, contentType := between(t, receiver)
			send(sending(address))
			until(t, "the sample at the receiver", func() bool {
				_, body := get(t, receiver, `/api/v1/query?query=sent_total{site="here",job="app"}`)
				return strings.Contains(body, `"42"`)
			})
			if got := contentType.Load(); got != "application/x-protobuf;proto=io.prometheus.write.v2.Request" {
				t.Errorf("sent as %v", got)
			}
		})
	}
}
