package acceptance

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/mirror"
)

// releaseOf finds one archive of the mirror.
func releaseOf(t *testing.T, component, version, arch string) mirror.Release {
	t.Helper()
	for _, r := range lab.mirror.Of(component, version) {
		if r.Arch == arch {
			return r
		}
	}
	t.Fatalf("the mirror has no %s %s for %s", component, version, arch)
	return mirror.Release{}
}

// archiveOf reads one archive of the mirror.
func archiveOf(t *testing.T, r mirror.Release) []byte {
	t.Helper()
	return get(t, request(t, lab.url+r.Path()))
}

// catalogUpTo is the lab's catalogue before anything newer than version of the component was published.
func catalogUpTo(t *testing.T, component, version string) string {
	return changedCatalog(t, component, func(rows []string) []string {
		for i, row := range rows {
			if strings.HasPrefix(row, version+"\t") {
				return append(rows[:1:1], rows[i:]...)
			}
		}
		t.Fatalf("the catalogue lacks %s %s", component, version)
		return nil
	})
}

// changedCatalog is a copy of the lab's catalogue with other rows for a component. The first row names the columns.
func changedCatalog(t *testing.T, component string, change func(rows []string) []string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(lab.catalog)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, component, "releases.tsv")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := change(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"))
	if err := os.WriteFile(path, []byte(strings.Join(rows, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// serve is a mirror of a test's own, until the test ends.
func serve(t *testing.T, handler http.Handler) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(lab.Gateway(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String()
}

// replaced lets a controller find other content under the name of a release, vouched for by its catalogue or not. The
// controller downloads into a cache of its own.
func (c *controller) replaced(t *testing.T, r mirror.Release, content []byte, vouched bool) {
	t.Helper()
	c.flags["cache-dir"] = t.TempDir()
	c.flags["mirror"] = serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path == r.Path() {
			http.ServeContent(w, request, r.File(), time.Unix(1_700_000_000, 0), bytes.NewReader(content))
			return
		}
		lab.mirror.Handler().ServeHTTP(w, request)
	}))
	if !vouched {
		return
	}
	sum := sha256.Sum256(content)
	c.flags["catalog"] = changedCatalog(t, r.Component, func(rows []string) []string {
		for i := range rows {
			rows[i] = strings.ReplaceAll(rows[i], r.SHA256, hex.EncodeToString(sum[:]))
		}
		return rows
	})
}
