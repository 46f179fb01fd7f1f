package mirror

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
)

// Handler serves the mirror at the paths that GitHub, prometheus.io, grafana.com
// and Grafana's download server have. Downloads can be resumed.
func (m *Mirror) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /download.json", m.serveDownloadJSON)
	mux.HandleFunc("GET /{owner}/{repo}/releases/latest", m.serveLatest)
	mux.HandleFunc("GET /{owner}/{repo}/releases/tag/{tag}", m.serveTag)
	mux.HandleFunc("GET /api/grafana/versions", m.serveGrafanaVersions)
	mux.HandleFunc("GET /api/grafana/versions/{version}", m.serveGrafanaChannel)
	mux.HandleFunc("GET /api/grafana/versions/{version}/packages", m.serveGrafanaPackages)
	mux.HandleFunc("GET /api/downloads/grafana/versions/{version}/packages/{arch}/{os}", m.serveGrafanaPackage)
	mux.HandleFunc("GET /", m.serveFile)
	return mux
}

// serveFile gives an archive or its sums, and a plain 404 for all else, as object stores do.
func (m *Mirror) serveFile(w http.ResponseWriter, r *http.Request) {
	for _, release := range m.Releases {
		if release.Path() == r.URL.Path {
			http.ServeFile(w, r, m.Archive(release))
			return
		}
	}
	if sums := m.sums(r.URL.Path); sums != "" {
		http.ServeContent(w, r, path.Base(r.URL.Path), modified, strings.NewReader(sums))
		return
	}
	http.NotFound(w, r)
}

// sums is what upstream publishes beside the archives: one list per release in GitHub's layout, one bare sum per archive in
// Grafana's. It is empty for other names.
func (m *Mirror) sums(name string) string {
	var list strings.Builder
	for _, r := range m.Releases { // sorted by path, so the list is, too
		switch {
		case r.Component == "grafana" && name == r.Path()+".sha256":
			return r.SHA256
		case r.Component != "grafana" && name == "/"+r.Dir()+"/sha256sums.txt":
			fmt.Fprintf(&list, "%s  %s\n", r.SHA256, r.File())
		}
	}
	return list.String()
}

// serveLatest redirects to the newest release's page, which is how its version
// can be learnt without GitHub's API.
func (m *Mirror) serveLatest(w http.ResponseWriter, r *http.Request) {
	versions := m.Versions(r.PathValue("repo"))
	if len(versions) == 0 {
		http.NotFound(w, r)
		return
	}
	tag := fmt.Sprintf("%s/%s/%s/releases/tag/v%s", base(r), r.PathValue("owner"), r.PathValue("repo"), versions[0])
	http.Redirect(w, r, tag, http.StatusFound)
}

func (m *Mirror) serveTag(w http.ResponseWriter, r *http.Request) {
	if len(m.Of(r.PathValue("repo"), strings.TrimPrefix(r.PathValue("tag"), "v"))) == 0 {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintf(w, "%s %s, in the lab's mirror\n", r.PathValue("repo"), r.PathValue("tag"))
}

// base is the address the client used, so that what it is told it can reach.
func base(r *http.Request) string { return "http://" + r.Host }

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // fails only when the client has gone
}
