package page_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/monctl/monctl/runtime/page"
)

func get(t *testing.T, method, path string, header ...string) *http.Response {
	t.Helper()
	h, err := page.Handler()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var inIndex = regexp.MustCompile(`(?:src|href)="\./([^"]+)"`)

func TestIndexNamesFilesThatAreServed(t *testing.T) {
	index := body(t, get(t, "GET", "/"))
	names := inIndex.FindAllStringSubmatch(index, -1)
	if len(names) < 3 {
		t.Fatalf("index.html names %d files, want script, style and icon:\n%s", len(names), index)
	}
	for _, name := range names {
		r := get(t, "GET", "/"+name[1])
		if r.StatusCode != 200 || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, Cache-Control %q; want 200 and immutable", name[1], r.StatusCode, r.Header.Get("Cache-Control"))
		}
	}
	if strings.Contains(index, "<style") || regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(index) || strings.Contains(index, " style=") {
		t.Error("index.html has inline script or style, which the policy forbids")
	}
}

func TestHeaders(t *testing.T) {
	for _, path := range []string{"/", "/licenses.txt", "/no-such-file", "/graph"} {
		h := get(t, "GET", path).Header
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || strings.Contains(csp, "http") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no nosniff", path)
		}
	}
	if got := get(t, "GET", "/").Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("index: Cache-Control %q: a new version would not be seen", got)
	}
}

func TestCompressedAndPlain(t *testing.T) {
	plain := get(t, "GET", "/licenses.txt", "Accept-Encoding", "br, gzip;q=0")
	if e := plain.Header.Get("Content-Encoding"); e != "" {
		t.Fatalf("gzip was refused and sent: %q", e)
	}
	packed := get(t, "GET", "/licenses.txt", "Accept-Encoding", "br, gzip;q=0.5")
	if e := packed.Header.Get("Content-Encoding"); e != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("Content-Encoding %q, Vary %q", e, packed.Header.Get("Vary"))
	}
	z, err := gzip.NewReader(bytes.NewBufferString(body(t, packed)))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil || string(unpacked) != body(t, plain) {
		t.Errorf("packed and plain differ (%v)", err)
	}
	if packed.Header.Get("ETag") == plain.Header.Get("ETag") {
		t.Error("one ETag for two encodings")
	}
}

func TestNotModifiedAndHead(t *testing.T) {
	etag := get(t, "GET", "/").Header.Get("ETag")
	if r := get(t, "GET", "/", "If-None-Match", etag); r.StatusCode != http.StatusNotModified || body(t, r) != "" {
		t.Errorf("unchanged: %d", r.StatusCode)
	}
	if r := get(t, "GET", "/", "If-None-Match", `"other"`); r.StatusCode != 200 {
		t.Errorf("changed: %d", r.StatusCode)
	}
	if r := get(t, "HEAD", "/"); r.StatusCode != 200 || body(t, r) != "" || r.ContentLength <= 0 {
		t.Errorf("HEAD: %d, length %d", r.StatusCode, r.ContentLength)
	}
	if r := get(t, "POST", "/"); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", r.StatusCode)
	}
}

func TestPathsOfPrometheus(t *testing.T) {
	r := get(t, "GET", "/graph?g0.expr=up%7Bjob%3D%22a%22%7D&g0.tab=1")
	if got, want := r.Header.Get("Location"), "./#/query?g0.expr=up%7Bjob%3D%22a%22%7D&g0.tab=1"; r.StatusCode != http.StatusFound || got != want {
		t.Errorf("%d %q, want %q", r.StatusCode, got, want)
	}
	if r := get(t, "GET", "/../page.go"); r.StatusCode != http.StatusNotFound {
		t.Errorf("outside: %d", r.StatusCode)
	}
	if r := get(t, "GET", "/index.html.gz"); r.StatusCode != http.StatusNotFound {
		t.Errorf("packed file by name: %d", r.StatusCode)
	}
}

// The whole page may have 400 kB compressed.
func TestSize(t *testing.T) {
	files, err := filepath.Glob("assets/*.gz")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	total := int64(0)
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > 400_000 {
		t.Errorf("the page has %d bytes compressed", total)
	}
}

// The page sends people to checks of monctl doctor by name.
func TestChecksExist(t *testing.T) {
	source, err := os.ReadFile("ui/src/targets/explain.ts")
	if err != nil {
		t.Fatal(err)
	}
	known, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`: "((?:scrape|tsdb|clock)/[a-z-]+)"`).FindAllSubmatch(source, -1)
	if len(named) < 10 {
		t.Fatalf("only %d checks found in explain.ts", len(named))
	}
	for _, n := range named {
		if !bytes.Contains(known, []byte("### "+string(n[1])+"\n")) {
			t.Errorf("explain.ts names %s, which docs/checks.md does not have", n[1])
		}
	}
}

// What npm resolved must not say from where.
func TestLockFileNamesNoHost(t *testing.T) {
	lock, err := os.ReadFile("ui/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(lock, []byte(`"resolved"`)) {
		t.Error(`package-lock.json has "resolved" addresses: npm was run without ui/.npmrc`)
	}
	if !bytes.Contains(lock, []byte(`"integrity"`)) {
		t.Error("package-lock.json has no checksums")
	}
}
