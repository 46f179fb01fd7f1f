package runtime

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Until the data is read there is the page, what it shows the progress with, liveness and metrics; all else is not available yet.
func TestStarting(t *testing.T) {
	prefix, err := url.Parse("http://proxy.example/mon/")
	if err != nil {
		t.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "the page") })
	for _, external := range []*url.URL{nil, prefix} {
		m, err := Start(Options{Data: t.TempDir(), Listen: "127.0.0.1:0", ConfigFile: file(t, "p.yml", "global: {}\n"), Page: page, External: external})
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]struct {
			code int
			text string
		}{
			"/":                          {http.StatusOK, "the page"},
			"/app.js":                    {http.StatusOK, "the page"},
			"/api/v1/status/walreplay":   {http.StatusOK, `{"status":"success","data":{"min":0,"max":0,"current":0}}`},
			"/-/healthy":                 {http.StatusOK, "Healthy"},
			"/metrics":                   {http.StatusOK, "prometheus_build_info"},
			"/-/ready":                   {http.StatusServiceUnavailable, ""},
			"/-/reload":                  {http.StatusServiceUnavailable, ""},
			"/api/v1/query?query=1":      {http.StatusServiceUnavailable, ""},
			"/api/monctl/clock":          {http.StatusServiceUnavailable, ""},
			"/federate?match[]=whatever": {http.StatusServiceUnavailable, ""},
		} {
			w := httptest.NewRecorder()
			(*m.web.handler.Load()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, strings.TrimSuffix(m.URL().Path, "/")+path, nil))
			if w.Code != want.code || !strings.Contains(w.Body.String(), want.text) {
				t.Errorf("%s below %s: %d %.100s", path, m.URL(), w.Code, w.Body)
			}
		}
		if err := m.listener.Close(); err != nil {
			t.Error(err)
		}
		if err := m.lock.Release(); err != nil {
			t.Error(err)
		}
	}
}
