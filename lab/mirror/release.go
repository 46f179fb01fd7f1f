package mirror

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Release is one archive: a version of a component for one architecture.
type Release struct {
	Component string `json:"component"`       // node_exporter
	Owner     string `json:"owner"`           // the GitHub organisation; "grafana" for Grafana
	Version   string `json:"version"`         // without v
	Arch      string `json:"arch"`            // upstream's word: amd64, arm64, armv7
	Build     string `json:"build,omitempty"` // Grafana's build id
	SHA256    string `json:"sha256"`
	Size      int64  `json:"size"`
	// Broken releases hold a program that ends at once. They are never "latest".
	Broken bool `json:"broken,omitempty"`
	// Origin says where the program really comes from.
	Origin string `json:"origin"`
	// Recipe identifies how it was made; the same recipe is not made twice.
	Recipe string `json:"recipe"`
	// Folder, below the mirror's, holds it; empty is www. Programs of this module have one for each of their contents, so that another
	// source tree, or the same one later, does not replace what a running test serves.
	Folder string `json:"folder,omitempty"`
}

// Dir is the folder of the release in URLs, without slashes around it.
func (r Release) Dir() string {
	if r.Component == "grafana" {
		return "grafana/release/" + r.Version
	}
	return r.Owner + "/" + r.Component + "/releases/download/v" + r.Version
}

// File is the archive's name.
func (r Release) File() string {
	if r.Component == "grafana" {
		return fmt.Sprintf("grafana_%s_%s_linux_%s.tar.gz", r.Version, r.Build, strings.Replace(r.Arch, "armv7", "arm-7", 1))
	}
	if r.Component == "loki" || r.Component == "alloy" {
		return r.root() + ".zip"
	}
	return r.root() + ".tar.gz"
}

// root is the one folder at the top of the archive, or the one file of a zip.
func (r Release) root() string {
	switch r.Component {
	case "grafana":
		return "grafana-" + r.Version
	case "loki", "alloy":
		return r.Component + "-linux-" + r.Arch
	case "redis_exporter":
		return fmt.Sprintf("%s-v%s.linux-%s", r.Component, r.Version, r.Arch)
	}
	return fmt.Sprintf("%s-%s.linux-%s", r.Component, r.Version, r.Arch)
}

// Path is the archive's place in URLs, with a slash before it.
func (r Release) Path() string { return "/" + r.Dir() + "/" + r.File() }

// Mirror is a folder of releases in upstream's layout, and the list of them.
type Mirror struct {
	Releases []Release
	dir      string
}

func (m *Mirror) index() string { return filepath.Join(m.dir, "index.json") }

// Archive is where a release's archive is on this machine.
func (m *Mirror) Archive(r Release) string {
	return filepath.Join(m.dir, cmp.Or(r.Folder, "www"), filepath.FromSlash(r.Dir()), r.File())
}

// Open reads the mirror that [Build] left in the lab's cache.
func Open(cache string) (*Mirror, error) {
	m := &Mirror{dir: filepath.Join(cache, "mirror")}
	text, err := os.ReadFile(m.index())
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mirror: open: %w", err)
	}
	if err := json.Unmarshal(text, &m.Releases); err != nil {
		return nil, fmt.Errorf("mirror: read %s: %w; remove it to build the mirror anew", m.index(), err)
	}
	return m, nil
}

func (m *Mirror) save() error {
	slices.SortFunc(m.Releases, func(a, b Release) int { return cmp.Compare(a.Path(), b.Path()) })
	text, err := json.MarshalIndent(m.Releases, "", "  ")
	if err != nil {
		return fmt.Errorf("mirror: save index: %w", err)
	}
	if err := os.WriteFile(m.index()+".half", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("mirror: save index: %w", err)
	}
	return os.Rename(m.index()+".half", m.index())
}

// Versions lists a component's versions that work, the newest first.
func (m *Mirror) Versions(component string) []string {
	var all []string
	for _, r := range m.Releases {
		if r.Component == component && !r.Broken && !slices.Contains(all, r.Version) {
			all = append(all, r.Version)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return compareVersions(b, a) })
	return all
}

// Of lists the archives of one version of a component.
func (m *Mirror) Of(component, version string) []Release {
	var found []Release
	for _, r := range m.Releases {
		if r.Component == component && r.Version == version {
			found = append(found, r)
		}
	}
	return found
}

func compareVersions(a, b string) int {
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	if errA != nil || errB != nil {
		return cmp.Compare(a, b)
	}
	return va.Compare(vb)
}
