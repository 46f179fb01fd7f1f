package release

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/release/lock"
	"github.com/monctl/monctl/installer/release/web"
	"github.com/monctl/monctl/templates"
)

// Sizes of what upstream's indexes may be, in bytes; download.json is about 200 kB.
const (
	indexLimit = 16 << 20
	sumsLimit  = 1 << 20
)

const downloadJSON = "https://prometheus.io/download.json"

// downloadIndex is prometheus.io/download.json: releases by repository, only the latest, long-term support and
// pre-releases of each. Its shape is set by prometheus/docs, src/download-json-types.ts.
type downloadIndex map[string][]listedRelease

type listedRelease struct {
	Version string `json:"version"` // the tag, with "v"
	Stable  bool   `json:"stable"`
	Latest  bool   `json:"latest"`
	LTS     bool   `json:"lts"`
	Files   []struct {
		URL    string `json:"url"`
		SHA256 string `json:"sha256"`
	} `json:"files"`
}

// downloads asks for the index once per Resolver.
func (r *Resolver) downloads(ctx context.Context) (downloadIndex, error) {
	r.indexOnce.Do(func() {
		r.indexErr = r.json(ctx, downloadJSON, &r.index)
	})
	return r.index, r.indexErr
}

func (r *Resolver) json(ctx context.Context, upstream string, into any) error {
	address := r.Mirror.Apply(upstream)
	text, err := r.Web.Text(ctx, address, indexLimit)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", redacted(address), err)
	}
	return nil
}

// statement is a sum and who states it.
type statement struct{ who, sum string }

// upstream collects what upstream itself says of a file. All of it is one origin, so it must agree.
func (r *Resolver) upstream(ctx context.Context, c Component, version, build string, arch templates.Arch) (File, string, error) {
	var said []statement
	if c.Spec.Source == templates.Grafana {
		id, s, err := r.grafanaPackage(ctx, c, version, arch)
		if err != nil {
			return File{}, "", r.noSuch(c, version, arch, err)
		}
		if build != "" && id != build {
			return File{}, "", fault.Refuse(fmt.Errorf("%s names build %s, the known one is %s", s.who, id, build),
				"The release was built again upstream. Choose another version.")
		}
		build, said = id, append(said, s)
	}
	name := c.Spec.FileName(version, build, arch)
	address := c.Spec.FileURL(version, build, name)
	if s, ok := r.indexed(ctx, c, version, name); ok {
		said = append(said, s)
	}
	s, err := r.sumsFile(ctx, c, version, build, name)
	switch {
	case err == nil:
		said = append(said, s)
	case len(said) == 0 || !web.Missing(err):
		return File{}, "", r.noSuch(c, version, arch, err)
	}
	for _, s := range said[1:] {
		if s.sum != said[0].sum {
			return File{}, "", fault.Refuse(fmt.Errorf("%s says sha256 %s, %s says %s", said[0].who, said[0].sum, s.who, s.sum),
				"Upstream contradicts itself, so the file may have been replaced. Choose another version, or try again later.")
		}
	}
	f := r.newFile(address, said[0].sum, lock.Upstream)
	return f, build, nil
}

// indexed gives what download.json says of a file. An index that does not answer is no obstacle: it only repeats
// the checksum file.
func (r *Resolver) indexed(ctx context.Context, c Component, version, name string) (statement, bool) {
	if c.Spec.Index == "" {
		return statement{}, false
	}
	index, _ := r.downloads(ctx)
	for _, rel := range index[c.Spec.Index] {
		if strings.TrimPrefix(rel.Version, "v") != version {
			continue
		}
		for _, f := range rel.Files {
			if fileName(f.URL) == name && len(f.SHA256) == 64 {
				return statement{"prometheus.io/download.json", strings.ToLower(f.SHA256)}, true
			}
		}
	}
	return statement{}, false
}

func (r *Resolver) sumsFile(ctx context.Context, c Component, version, build, name string) (statement, error) {
	upstream := c.Spec.SumsURL(version, build, name)
	if upstream == "" {
		return statement{}, fault.Refuse(fmt.Errorf("upstream publishes no checksum file"),
			"Pin the sum yourself: add a row to releases.tsv in your own catalogue folder.")
	}
	address := r.Mirror.Apply(upstream)
	text, err := r.Web.Text(ctx, address, sumsLimit)
	if err != nil {
		return statement{}, fmt.Errorf("checksum file: %w", err)
	}
	sum, err := ParseSums(text, name, strings.Contains(c.Spec.Sums, "{file}"))
	if err != nil {
		return statement{}, fault.Refuse(fmt.Errorf("%s: %w", redacted(address), err),
			"Upstream ships no such file, or the mirror is incomplete. Pinned versions near it: %s.", nearest(c.Pins, version))
	}
	return statement{fileName(upstream), sum}, nil
}

// grafanaPackage asks Grafana for the build id and the sum of a version's tarball. The address it answers is not
// used, only the id in it: where files come from is decided by the component's description.
func (r *Resolver) grafanaPackage(ctx context.Context, c Component, version string, arch templates.Arch) (build string, s statement, err error) {
	var pkg struct{ URL, SHA256 string }
	api := "https://grafana.com/api/downloads/grafana/versions/" + strings.ReplaceAll(url.PathEscape(version), "+", "%2B") +
		"/packages/" + string(arch) + "/linux"
	if err := r.json(ctx, api, &pkg); err != nil {
		return "", s, err
	}
	const mark = "\x00"
	pattern := strings.ReplaceAll(regexp.QuoteMeta(c.Spec.FileName(version, mark, arch)), regexp.QuoteMeta(mark), `([0-9]{1,20})`)
	m := regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(fileName(pkg.URL))
	sum := strings.ToLower(pkg.SHA256)
	if len(m) != 2 || !sumLine.MatchString(sum) || len(sum) != 64 {
		return "", s, fmt.Errorf("%s: names neither a build nor a sum that can be used: %q", redacted(r.Mirror.Apply(api)), pkg.URL)
	}
	return m[1], statement{"grafana.com", sum}, nil
}

// noSuch puts a missing address into words and names versions that are known to exist.
func (r *Resolver) noSuch(c Component, version string, arch templates.Arch, err error) error {
	return missing(c, version, arch, r.Mirror != Mirror{}, err)
}

func missing(c Component, version string, arch templates.Arch, mirrored bool, err error) error {
	if !web.Missing(err) {
		return err
	}
	where, more := "upstream", ""
	if mirrored {
		where, more = "the mirror", " `version: latest` with `--trust-upstream-sums` takes the newest that the mirror has."
	}
	return fault.With(fmt.Errorf("%s has no %s %s for %s: %w", where, c.Name, version, arch, err),
		"Pinned versions near it: %s.%s", nearest(c.Pins, version), more)
}

// fileName gives the last part of an address, unescaped.
func fileName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}

func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	return u.Redacted()
}
