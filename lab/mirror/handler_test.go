package mirror

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// small is a mirror whose programs are a few bytes.
func small(t *testing.T) *Mirror {
	t.Helper()
	m := &Mirror{dir: t.TempDir()}
	var made []product
	for _, version := range []string{"1.5.0", "1.12.1", BrokenVersion} {
		for _, a := range []arch{amd64, arm64} {
			made = append(made, product{
				release: Release{Component: "node_exporter", Owner: "prometheus", Version: version, Arch: a.upstream, Broken: version == BrokenVersion},
				entries: []entry{{Name: "node_exporter", Text: noise(version), Mode: 0o755}},
			})
		}
	}
	made = append(made, product{release: Release{Component: "grafana", Owner: "grafana", Version: "13.2.3", Build: "7", Arch: "armv7"}})
	if err := m.packAll(made, "test"); err != nil {
		t.Fatal(err)
	}
	return m
}

// noise is text that does not get much smaller when it is compressed.
func noise(seed string) string {
	var b strings.Builder
	for sum := sha256.Sum256([]byte(seed)); b.Len() < 200_000; sum = sha256.Sum256(sum[:]) {
		b.Write(sum[:])
	}
	return b.String()
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return response, "cut: " + err.Error()
	}
	return response, string(body)
}

func TestHandlerSpeaksAsUpstreamDoes(t *testing.T) {
	m := small(t)
	web := httptest.NewServer(m.Handler())
	defer web.Close()
	node := m.Of("node_exporter", "1.5.0")[0]
	cases := []struct {
		path   string
		status int
		body   string
	}{
		{"/prometheus/node_exporter/releases/download/v1.5.0/sha256sums.txt", 200, node.SHA256 + "  node_exporter-1.5.0.linux-amd64.tar.gz\n"},
		{"/prometheus/node_exporter/releases/download/v1.5.0/", 404, ""},
		{"/prometheus/node_exporter/releases/tag/v1.5.0", 200, ""},
		{"/prometheus/node_exporter/releases/tag/v9.9.9", 404, ""},
		{"/prometheus/unheard_of/releases/latest", 404, ""},
		{"/x/..%2f..%2findex.json", 404, ""},
		{"/grafana/release/13.2.3/grafana_13.2.3_7_linux_arm-7.tar.gz.sha256", 200, m.Of("grafana", "13.2.3")[0].SHA256},
		{"/api/grafana/versions/stable", 200, `"13.2.3"`},
		{"/api/grafana/versions/latest", 404, ""},
		{"/api/downloads/grafana/versions/13.2.3/packages/armv7/linux", 200, "grafana_13.2.3_7_linux_arm-7.tar.gz"},
		{"/api/downloads/grafana/versions/13.2.3/packages/s390x/linux", 404, ""},
	}
	for _, c := range cases {
		response, body := get(t, web.URL+c.path)
		if response.StatusCode != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s: %d %q; want %d %q", c.path, response.StatusCode, body, c.status, c.body)
		}
	}
}

func TestLatestIsTheNewestThatWorks(t *testing.T) {
	web := httptest.NewServer(small(t).Handler())
	defer web.Close()
	response, _ := get(t, web.URL+"/prometheus/node_exporter/releases/latest")
	if got := response.Header.Get("Location"); !strings.HasSuffix(got, "/prometheus/node_exporter/releases/tag/v1.12.1") {
		t.Errorf("latest redirects to %q", got)
	}
	_, body := get(t, web.URL+"/download.json")
	var list map[string][]listedRelease
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	node := list["node_exporter"]
	if len(node) != 1 || node[0].Version != "v1.12.1" || !node[0].Latest || len(node[0].Files) != 2 {
		t.Errorf("download.json lists %+v", node)
	}
}

func TestFaults(t *testing.T) {
	m := small(t)
	node := m.Of("node_exporter", "1.5.0")[0]
	busy := &Fault{Path: ".tar.gz", Status: 503, Times: 1}
	cut := &Fault{Path: ".tar.gz", After: 100, Times: 1}
	web := httptest.NewServer(WithFaults(m.Handler(), busy, cut))
	defer web.Close()
	if response, _ := get(t, web.URL+node.Path()); response.StatusCode != 503 {
		t.Errorf("first: %s", response.Status)
	}
	if response, body := get(t, web.URL+node.Path()); response.ContentLength != node.Size || !strings.HasPrefix(body, "cut: ") {
		t.Errorf("second: not cut: %d bytes of %d", len(body), response.ContentLength)
	}
	if _, body := get(t, web.URL+node.Path()); int64(len(body)) != node.Size {
		t.Errorf("third: %d bytes, want %d", len(body), node.Size)
	}
}

func TestSlowFault(t *testing.T) {
	m := small(t)
	node := m.Of("node_exporter", "1.5.0")[0]
	web := httptest.NewServer(WithFaults(m.Handler(), &Fault{BytesPerSecond: node.Size * 5}))
	defer web.Close()
	start := time.Now()
	if _, body := get(t, web.URL+node.Path()); int64(len(body)) != node.Size || time.Since(start) < 100*time.Millisecond {
		t.Errorf("%d bytes in %s", len(body), time.Since(start))
	}
}

func TestGivenGrafanaReplacesTheStandIn(t *testing.T) {
	m := small(t)
	path := filepath.Join(t.TempDir(), "grafana_13.2.4+security-01_36482603486_linux_amd64.tar.gz")
	if err := os.WriteFile(path, []byte("real"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := m.takeGrafana([]string{path}); err != nil {
		t.Fatal(err)
	}
	if got := m.Versions("grafana"); len(got) != 1 || got[0] != "13.2.4+security-01" {
		t.Errorf("versions %q", got)
	}
	if err := m.takeGrafana(nil); err != nil {
		t.Fatal(err)
	}
	if got := m.Versions("grafana"); len(got) != 0 {
		t.Errorf("a tarball no longer given is still there: %q", got)
	}
	if err := m.takeGrafana([]string{"/somewhere/grafana.tar.gz"}); err == nil {
		t.Error("a tarball of an unknown name is taken")
	}
}

// TestAnotherTreeTakesNothingAway: two source trees pack a program of their own under the same name; each serves what it vouches for.
func TestAnotherTreeTakesNothingAway(t *testing.T) {
	cache := t.TempDir()
	pack := func(content string) *Mirror {
		m, err := Open(cache)
		if err != nil {
			t.Fatal(err)
		}
		made := product{
			release: Release{Component: "grafana", Owner: "grafana", Version: "13.2.3", Build: "7", Arch: "amd64", Folder: ownFolder + "/" + content},
			entries: []entry{{Name: "bin/grafana", Text: content, Mode: 0o755}},
		}
		if err := m.packAll([]product{made}, "own "+content); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, m := range []*Mirror{pack("one"), pack("two")} {
		if len(m.Releases) != 1 {
			t.Fatalf("releases %v", m.Releases)
		}
		web := httptest.NewServer(m.Handler())
		defer web.Close()
		_, body := get(t, web.URL+m.Releases[0].Path())
		if sum := sha256.Sum256([]byte(body)); hex.EncodeToString(sum[:]) != m.Releases[0].SHA256 {
			t.Errorf("%s: served is not what was vouched for", m.Releases[0].Recipe)
		}
	}
}
