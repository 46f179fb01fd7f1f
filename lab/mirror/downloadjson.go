package mirror

import "net/http"

// The shape of prometheus.io/download.json: releases by repository.
type (
	listedRelease struct {
		Version string       `json:"version"` // the tag, with v
		Stable  bool         `json:"stable"`
		Latest  bool         `json:"latest"`
		LTS     bool         `json:"lts"`
		Files   []listedFile `json:"files"`
	}
	listedFile struct {
		URL     string `json:"url"`
		OS      string `json:"os"`
		Arch    string `json:"arch"`
		Version string `json:"version"`
		SHA256  string `json:"sha256"`
		Size    int64  `json:"size"`
		Kind    string `json:"kind"`
	}
)

// serveDownloadJSON lists the newest release of each component and, as upstream
// does, Prometheus' long-term one; here that is the oldest in the mirror, so
// that "latest" and "lts" differ.
func (m *Mirror) serveDownloadJSON(w http.ResponseWriter, r *http.Request) {
	list := map[string][]listedRelease{}
	for _, c := range components {
		versions := m.Versions(c.name)
		for i, version := range versions {
			lts := c.name == "prometheus" && i == len(versions)-1
			if i == 0 || lts {
				list[c.name] = append(list[c.name], listedRelease{
					Version: "v" + version, Stable: true, Latest: i == 0, LTS: lts, Files: m.listed(base(r), c.name, version),
				})
			}
		}
	}
	answer(w, list)
}

func (m *Mirror) listed(base, component, version string) []listedFile {
	var files []listedFile
	for _, r := range m.Of(component, version) {
		files = append(files, listedFile{
			URL: base + r.Path(), OS: "linux", Arch: r.Arch, Version: "v" + version,
			SHA256: r.SHA256, Size: r.Size, Kind: "archive",
		})
	}
	return files
}
