package mirror

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// GivenGrafana names the environment variable with paths of real Grafana
// tarballs, separated by colons, under upstream's file names. With it the
// mirror serves them and no stand-in.
const GivenGrafana = "MONCTL_LAB_GRAFANA"

const givenRecipe = "given "

var grafanaFile = regexp.MustCompile(`^grafana_(.+)_(\d+)_linux_(amd64|arm64|arm-7)\.tar\.gz$`)

// takeGrafana puts the given tarballs into the mirror in place of all other
// Grafanas; without any it takes out those of an earlier run.
func (m *Mirror) takeGrafana(paths []string) error {
	m.Releases = slices.DeleteFunc(m.Releases, func(r Release) bool {
		return r.Component == "grafana" && (len(paths) > 0 || strings.HasPrefix(r.Recipe, givenRecipe))
	})
	for _, path := range paths {
		r, err := m.take(path)
		if err != nil {
			return fmt.Errorf("mirror: %s: %s: %w", GivenGrafana, path, err)
		}
		m.Releases = append(m.Releases, r)
	}
	return m.save()
}

func (m *Mirror) take(path string) (Release, error) {
	parts := grafanaFile.FindStringSubmatch(filepath.Base(path))
	if parts == nil {
		return Release{}, fmt.Errorf("want a file name like grafana_13.2.3_36482603486_linux_amd64.tar.gz")
	}
	r := Release{
		Component: "grafana", Owner: "grafana", Version: parts[1], Build: parts[2],
		Arch: strings.Replace(parts[3], "arm-7", "armv7", 1), Origin: "the tarball given", Recipe: givenRecipe + path,
	}
	in, err := os.Open(path)
	if err != nil {
		return r, err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(m.Archive(r)), 0o755); err != nil {
		return r, err
	}
	out, err := os.Create(m.Archive(r))
	if err != nil {
		return r, err
	}
	hash := sha256.New()
	r.Size, err = io.Copy(io.MultiWriter(out, hash), in)
	r.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if err != nil {
		_ = out.Close()
		return r, err
	}
	return r, out.Close()
}

// given lists the paths in the environment variable.
func given() []string { return filepath.SplitList(os.Getenv(GivenGrafana)) }
