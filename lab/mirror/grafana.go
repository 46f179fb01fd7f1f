package mirror

import (
	"net/http"
	"strings"
)

// grafanaPackage is what grafana.com tells of one archive.
type grafanaPackage struct {
	Version string `json:"version"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	URL     string `json:"url"`
	SHA256  string `json:"sha256"`
}

type grafanaVersion struct {
	Version  string          `json:"version"`
	Channels map[string]bool `json:"channels"`
}

func (m *Mirror) serveGrafanaVersions(w http.ResponseWriter, _ *http.Request) {
	var items []grafanaVersion
	for _, version := range m.Versions("grafana") {
		items = append(items, grafanaVersion{Version: version, Channels: map[string]bool{"stable": true}})
	}
	answer(w, map[string]any{"items": items})
}

// serveGrafanaChannel answers "stable" and exact versions; "latest" is unknown there, too.
func (m *Mirror) serveGrafanaChannel(w http.ResponseWriter, r *http.Request) {
	wanted := r.PathValue("version")
	for i, version := range m.Versions("grafana") {
		if version == wanted || wanted == "stable" && i == 0 {
			answer(w, grafanaVersion{Version: version, Channels: map[string]bool{"stable": true}})
			return
		}
	}
	http.NotFound(w, r)
}

func (m *Mirror) serveGrafanaPackages(w http.ResponseWriter, r *http.Request) {
	var items []grafanaPackage
	for _, release := range m.Of("grafana", r.PathValue("version")) {
		items = append(items, release.grafanaPackage(base(r)))
	}
	if items == nil {
		http.NotFound(w, r)
		return
	}
	answer(w, map[string]any{"items": items})
}

func (m *Mirror) serveGrafanaPackage(w http.ResponseWriter, r *http.Request) {
	wanted := strings.Replace(r.PathValue("arch"), "arm-7", "armv7", 1)
	for _, release := range m.Of("grafana", r.PathValue("version")) {
		if release.Arch == wanted && r.PathValue("os") == "linux" {
			answer(w, release.grafanaPackage(base(r)))
			return
		}
	}
	http.NotFound(w, r)
}

func (r Release) grafanaPackage(base string) grafanaPackage {
	return grafanaPackage{Version: r.Version, OS: "linux", Arch: r.Arch, URL: base + r.Path(), SHA256: r.SHA256}
}
