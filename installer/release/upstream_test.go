package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/monctl/monctl/installer/release/web"
	"github.com/monctl/monctl/templates"
)

// upstream is a server with the addresses of GitHub, Grafana and prometheus.io, all below one base as a mirror has
// them. It notes what it was asked.
type upstream struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte           // by path, unescaped
	goTo  map[string]string           // redirects
	wrong map[string]http.HandlerFunc // misbehaviour
	asked []string                    // method, path
}

func newUpstream(t testing.TB) *upstream {
	t.Helper()
	u := &upstream{files: map[string][]byte{}, goTo: map[string]string{}, wrong: map[string]http.HandlerFunc{}}
	u.Server = httptest.NewServer(http.HandlerFunc(u.serve))
	t.Cleanup(u.Close)
	return u
}

func (u *upstream) serve(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	u.asked = append(u.asked, r.Method+" "+r.URL.Path)
	file, found := u.files[r.URL.Path]
	to, wrong := u.goTo[r.URL.Path], u.wrong[r.URL.Path]
	u.mu.Unlock()
	switch {
	case wrong != nil:
		wrong(w, r)
	case to != "":
		http.Redirect(w, r, to, http.StatusFound)
	case found:
		w.Header().Set("ETag", `"`+sumOf(file)[:16]+`"`)
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "f", time.Time{}, bytes.NewReader(file))
	default:
		http.NotFound(w, r)
	}
}

func (u *upstream) requests() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return strings.Join(u.asked, "; ")
}

func (u *upstream) resolver() *Resolver {
	client := web.New()
	client.Pause = time.Millisecond
	return &Resolver{Web: client, Mirror: MirrorAll(u.URL)}
}

func sumOf(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// addGitHub publishes files of a release with their sha256sums.txt and an entry in download.json.
func (u *upstream) addGitHub(repo, version string, latest bool, files map[string][]byte) {
	folder := "/" + repo + "/releases/download/v" + version + "/"
	var sums strings.Builder
	listed := []map[string]any{}
	for name, data := range files {
		u.files[folder+name] = data
		fmt.Fprintf(&sums, "%s  %s\n", sumOf(data), name)
		listed = append(listed, map[string]any{"url": u.URL + folder + name, "os": "linux", "sha256": sumOf(data)})
	}
	u.files[folder+"sha256sums.txt"] = []byte(sums.String())
	index := map[string][]any{}
	_ = json.Unmarshal(u.files["/download.json"], &index)
	name := repo[strings.LastIndex(repo, "/")+1:]
	index[name] = append(index[name], map[string]any{"version": "v" + version, "stable": true, "latest": latest, "lts": !latest, "files": listed})
	u.files["/download.json"], _ = json.Marshal(index)
	if latest {
		u.goTo["/"+repo+"/releases/latest"] = "/" + repo + "/releases/tag/v" + version
	}
}

// addGrafana publishes a Grafana release with its sidecar and API answers.
func (u *upstream) addGrafana(version, build, arch, word string, data []byte) {
	name := fmt.Sprintf("grafana_%s_%s_linux_%s.tar.gz", version, build, word)
	path := "/grafana/release/" + version + "/" + name
	u.files[path] = data
	u.files[path+".sha256"] = []byte(sumOf(data))
	u.files["/api/grafana/versions/stable"], _ = json.Marshal(map[string]string{"version": version})
	u.files["/api/downloads/grafana/versions/"+version+"/packages/"+arch+"/linux"], _ = json.Marshal(map[string]string{
		"url": "https://dl.grafana.com" + strings.ReplaceAll(path, "+", "%2B"), "sha256": sumOf(data),
	})
}

// program is the head of an executable: ELF class, byte order, type EXEC and the machine's number.
func program(class, machine byte) string {
	return "\x7fELF" + string([]byte{class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, machine, 0}) + strings.Repeat("\x00", 44)
}

var (
	amd64 = program(2, 62)
	arm64 = program(2, 183)
)

// archiveOf packs name → content pairs in order.
func archiveOf(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := 0; i < len(pairs); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: pairs[i], Mode: 0o755, Size: int64(len(pairs[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func prometheus(pins ...templates.Pin) Component {
	return Component{Name: "prometheus", Pins: pins, Spec: templates.Release{
		Source: templates.GitHub, Repo: "prometheus/prometheus", Tag: "v{version}",
		File: "prometheus-{version}.linux-{arch}.tar.gz", Sums: "sha256sums.txt", Index: "prometheus", LTS: "3.13",
		Archs:    map[templates.Arch]string{templates.AMD64: "amd64", templates.ARM64: "arm64"},
		Binaries: []string{"prometheus", "promtool"}, Format: templates.TarGz,
	}}
}

func grafana(pins ...templates.Pin) Component {
	return Component{Name: "grafana", Pins: pins, Spec: templates.Release{
		Source: templates.Grafana, File: "grafana_{version}_{build}_linux_{arch}.tar.gz", Sums: "{file}.sha256",
		Archs:    map[templates.Arch]string{templates.AMD64: "amd64", templates.ARMv7: "arm-7"},
		Binaries: []string{"bin/grafana"}, Format: templates.TarGz,
	}}
}

func pin(version string, arch templates.Arch, sum string, sources ...string) templates.Pin {
	return templates.Pin{
		Version: version, Arch: arch, SHA256: sum, Sources: sources,
		File: fmt.Sprintf("prometheus-%s.linux-%s.tar.gz", version, arch),
	}
}
