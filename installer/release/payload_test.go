package release

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/release/archive"
	"github.com/monctl/monctl/installer/release/cache"
	"github.com/monctl/monctl/installer/release/web"
	"github.com/monctl/monctl/templates"
)

func newStore(t testing.TB, dir string) *Store {
	t.Helper()
	client := web.New()
	client.Pause = time.Millisecond
	c, err := cache.Open(dir, client)
	if err != nil {
		t.Fatal(err)
	}
	return &Store{Cache: c}
}

const (
	fileName1 = "prometheus-2.42.0.linux-amd64.tar.gz"
	filePath1 = "/prometheus/prometheus/releases/download/v2.42.0/" + fileName1
)

// publish puts an archive on the server and returns the component that pins it and its release.
func publish(t *testing.T, up *upstream, data []byte) (Component, Release) {
	t.Helper()
	up.files[filePath1] = data
	c := prometheus(pin("2.42.0", templates.AMD64, sumOf(data), "a", "b"))
	return c, mustResolve(t, up.resolver(), c, "", onAMD64)
}

func goodArchive(t testing.TB) []byte {
	return archiveOf(t, "p/prometheus", amd64, "p/promtool", amd64, "p/LICENSE", "x")
}

func TestPayload(t *testing.T) {
	up := newUpstream(t)
	data := goodArchive(t)
	c, rel := publish(t, up, data)
	dir := t.TempDir()
	var done, total int64
	p, err := newStore(t, dir).Payload(context.Background(), c, rel, templates.AMD64, func(d, n int64) { done, total = d, n })
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(p.Path); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the payload is not the published file: %v", err)
	}
	if p.SHA256 != sumOf(data) || p.Size != int64(len(data)) || p.Strip != 1 || strings.Join(p.Binaries, " ") != "prometheus promtool" {
		t.Errorf("got %+v", p)
	}
	if done != p.Size || total != p.Size {
		t.Errorf("progress ended at %d of %d", done, total)
	}

	// The next process neither downloads nor looks inside again: with this limit looking would fail.
	up.Close()
	again := newStore(t, dir)
	again.Limits = archive.Limits{Entries: 1, Bytes: 1}
	if q, err := again.Payload(context.Background(), c, rel, templates.AMD64, nil); err != nil || fmt.Sprint(q) != fmt.Sprint(p) {
		t.Errorf("second run: %+v, %v", q, err)
	}
	// What was asked of the archive is part of what is remembered.
	c.Spec.Binaries = append(c.Spec.Binaries, "LICENSE")
	if _, err := newStore(t, dir).Payload(context.Background(), c, rel, templates.AMD64, nil); err == nil || !strings.Contains(err.Error(), "LICENSE: is not an executable") {
		t.Errorf("other binaries: got %v", err)
	}
}

func TestPayloadOfAZipIsMadeOnce(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("loki-linux-amd64")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, amd64)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	up := newUpstream(t)
	up.addGitHub("grafana/loki", "3.7.8", true, map[string][]byte{"loki-linux-amd64.zip": b.Bytes()})
	c := Component{Name: "loki", Spec: templates.Release{
		Source: templates.GitHub, Repo: "grafana/loki", Tag: "v{version}", File: "loki-linux-{arch}.zip", Sums: "sha256sums.txt",
		Archs: map[templates.Arch]string{templates.AMD64: "amd64"}, Binaries: []string{"loki"}, Member: "loki-linux-{arch}", Format: templates.Zip,
	}}
	if err := c.Spec.Validate(); err != nil {
		t.Fatal(err)
	}
	r := up.resolver()
	r.TrustUpstream = true
	rel := mustResolve(t, r, c, "latest", onAMD64)
	dir := t.TempDir()
	var made [3]Payload
	for i := range made {
		s := newStore(t, dir)
		if i == 2 { // the made file is damaged: it is made again
			if err := os.WriteFile(made[0].Path, []byte("junk"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if made[i], err = s.Payload(context.Background(), c, rel, templates.AMD64, nil); err != nil {
			t.Fatal(err)
		}
		if sum, err := cache.Sum(made[i].Path); err != nil || sum != made[i].SHA256 || made[i].Strip != 0 || sum == rel.Files[templates.AMD64].SHA256 {
			t.Errorf("run %d: %+v has sum %s, %v", i, made[i], sum, err)
		}
	}
	if fmt.Sprint(made[0]) != fmt.Sprint(made[1]) || fmt.Sprint(made[0]) != fmt.Sprint(made[2]) {
		t.Errorf("got %+v", made)
	}
}

func TestPayloadFaults(t *testing.T) {
	noise := make([]byte, 300_000)
	rng := rand.NewChaCha8([32]byte{3})
	rng.Read(noise)
	whole := archiveOf(t, "p/prometheus", amd64, "p/promtool", amd64, "p/noise", string(noise))
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			w.Write([]byte(body))
		}
	}
	tests := []struct {
		name          string
		data          []byte
		wrong         http.HandlerFunc
		kind          fault.Kind
		words, remedy string
	}{
		{"truncated when it was published", whole[:200_000], nil, fault.Refused, "archive: is truncated", "wrong file or a bad release"},
		{"a member outside", archiveOf(t, "../evil", "x"), nil, fault.Refused, `"../evil" points outside`, "Nothing was unpacked"},
		{"the other machine's archive", archiveOf(t, "p/prometheus", arm64, "p/promtool", arm64), nil, fault.Refused, "prometheus: is built for arm64, the host needs amd64", ""},
		{"other content", whole, answer(200, "something else"), fault.Refused, "checksum mismatch: is sha256 " + sumOf([]byte("something else")), "2 independent sources"},
		{"a login page", whole, answer(200, "<!doctype html><html>"), fault.Failed, "is a web page", ""},
		{"not found", whole, http.NotFound, fault.Failed, "the mirror has no prometheus 2.42.0 for amd64", "Pinned versions near it: 2.42.0"},
		{"forbidden", whole, answer(403, ""), fault.Failed, "403 forbidden", "mirror:"},
		{"broken server", whole, answer(500, ""), fault.Failed, "500 internal server error (tried 4 times)", ""},
		{"a redirect loop", whole, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, fault.Failed, "redirected 10 times", "mirror:"},
		{"cut each time", whole, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write(make([]byte, 10))
		}, fault.Failed, "unexpected EOF (tried 4 times)", "Run it again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			up := newUpstream(t)
			c, rel := publish(t, up, tt.data)
			if tt.wrong != nil {
				up.wrong[filePath1] = tt.wrong
			}
			_, err := newStore(t, t.TempDir()).Payload(context.Background(), c, rel, templates.AMD64, nil)
			if err == nil || !strings.Contains(err.Error(), tt.words) || !strings.HasPrefix(err.Error(), "prometheus 2.42.0: "+fileName1+": ") {
				t.Fatalf("got %v, want %q", err, tt.words)
			}
			if fault.KindOf(err) != tt.kind || !strings.Contains(fault.Remedy(err), tt.remedy) {
				t.Errorf("kind %v, remedy %q", fault.KindOf(err), fault.Remedy(err))
			}
		})
	}
}

func TestMirrorDownInTheMiddle(t *testing.T) {
	body := make([]byte, 2<<20)
	rng := rand.NewChaCha8([32]byte{4})
	rng.Read(body)
	data := archiveOf(t, "p/prometheus", amd64, "p/promtool", amd64, "p/noise", string(body))
	up := newUpstream(t)
	c, rel := publish(t, up, data)
	up.wrong[filePath1] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Header().Set("ETag", `"`+sumOf(data)[:16]+`"`)
		w.Write(data[:500_000])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	dir := t.TempDir()
	if _, err := newStore(t, dir).Payload(context.Background(), c, rel, templates.AMD64, nil); err == nil {
		t.Fatal("a cut download was accepted")
	}
	var first string
	up.wrong[filePath1] = func(w http.ResponseWriter, r *http.Request) {
		first = r.Header.Get("Range")
		http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(data))
	}
	if _, err := newStore(t, dir).Payload(context.Background(), c, rel, templates.AMD64, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first, "bytes=") || first == "bytes=0-" {
		t.Errorf("the second run asked for %q", first)
	}
}

func TestManyAtOnceDownloadOnce(t *testing.T) {
	up := newUpstream(t)
	c, rel := publish(t, up, goodArchive(t))
	s := newStore(t, t.TempDir())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Payload(context.Background(), c, rel, templates.AMD64, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if up.requests() != "GET "+filePath1 {
		t.Errorf("asked %s", up.requests())
	}
}

func TestUnusableCacheFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := cache.Open(filepath.Join(file, "cache"), web.New())
	refuses(t, err, fault.Failed, "cache: ", "XDG_CACHE_HOME")
}
