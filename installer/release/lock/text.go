package lock

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/templates"
)

const (
	format = 1
	header = "# Written by monctl: the releases this fleet runs. Keep it beside monctl.yaml, under version control.\n" +
		"# `monctl upgrade` changes it; a file whose sum differs from the one here is refused.\n"
)

// The shape of the text. The field names are a file format: they are only ever added to.
type document struct {
	Lock       int                  `yaml:"lock"`
	Components map[string]component `yaml:"components"`
}

type component struct {
	Version string                  `yaml:"version"`
	Build   string                  `yaml:"build,omitempty"`
	Files   map[templates.Arch]file `yaml:"files"`
}

type file struct {
	URL    string `yaml:"url"`
	SHA256 string `yaml:"sha256"`
	Trust  Trust  `yaml:"trust"`
}

var (
	nameShape  = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	sumShape   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	buildShape = regexp.MustCompile(`^[0-9]{0,20}$`)
)

// Parse reads the text of a lock file; path is used in errors only.
func Parse(path string, data []byte) (File, error) {
	fail := func(err error) (File, error) {
		return File{}, fault.Misuse(fmt.Errorf("lock file: %s: %w", path, err),
			"Restore %s from version control, or delete it to choose versions anew.", path)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return fail(fmt.Errorf("is empty"))
	}
	var doc document
	if err := yaml.UnmarshalWithOptions(data, &doc, yaml.Strict()); err != nil {
		return fail(err)
	}
	if doc.Lock != format {
		return fail(fmt.Errorf("lock: format %d is not %d, the one this monctl knows", doc.Lock, format))
	}
	f := File{Components: make(map[string]Entry, len(doc.Components))}
	for _, name := range slices.Sorted(maps.Keys(doc.Components)) {
		e, place, err := doc.Components[name].entry(name)
		if err != nil {
			return fail(locate(data, place, err))
		}
		f.Components[name] = e
	}
	return f, nil
}

// entry checks one component; place is the YAML path of what is wrong.
func (c component) entry(name string) (e Entry, place string, err error) {
	place = "$.components." + name
	switch {
	case !nameShape.MatchString(name):
		return e, "$.components", fmt.Errorf("components: %q is not a component name", name)
	case !templates.ValidVersion(c.Version):
		return e, place + ".version", fmt.Errorf("%s: version: %q is not a semantic version", name, c.Version)
	case !buildShape.MatchString(c.Build):
		return e, place + ".build", fmt.Errorf("%s: build: %q is not a number", name, c.Build)
	case len(c.Files) == 0:
		return e, place, fmt.Errorf("%s: files: is missing", name)
	}
	e = Entry{Version: c.Version, Build: c.Build, Files: make(map[templates.Arch]Sum, len(c.Files))}
	for _, arch := range slices.Sorted(maps.Keys(c.Files)) {
		f := c.Files[arch]
		at := place + ".files." + string(arch)
		u, urlErr := url.Parse(f.URL)
		switch {
		case !slices.Contains(templates.Archs(), arch):
			return e, place + ".files", fmt.Errorf("%s: files: %q is none of %v", name, arch, templates.Archs())
		case urlErr != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			return e, at + ".url", fmt.Errorf("%s: %s: url: %q is not an http(s) URL", name, arch, f.URL)
		case !sumShape.MatchString(f.SHA256):
			return e, at + ".sha256", fmt.Errorf("%s: %s: sha256: %q is not 64 lower-case hex digits", name, arch, f.SHA256)
		case !slices.Contains([]Trust{Attested, Single, Upstream}, f.Trust):
			return e, at + ".trust", fmt.Errorf("%s: %s: trust: %q is none of attested, single, upstream", name, arch, f.Trust)
		}
		e.Files[arch] = Sum(f)
	}
	return e, "", nil
}

// locate adds the excerpt of the text that a YAML path points at, when it can be found.
func locate(data []byte, place string, err error) error {
	path, pathErr := yaml.PathString(place)
	if pathErr != nil {
		return err
	}
	excerpt, excerptErr := path.AnnotateSource(data, false)
	if excerptErr != nil {
		return err
	}
	return fmt.Errorf("%w\n%s", err, bytes.TrimRight(excerpt, "\n"))
}

// Bytes gives the text of the lock file, the same for the same content.
func (f File) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%slock: %d\ncomponents:", header, format)
	if len(f.Components) == 0 {
		b.WriteString(" {}\n")
		return b.Bytes()
	}
	b.WriteByte('\n')
	for _, name := range slices.Sorted(maps.Keys(f.Components)) {
		e := f.Components[name]
		fmt.Fprintf(&b, "  %s:\n    version: %q\n", name, e.Version)
		if e.Build != "" {
			fmt.Fprintf(&b, "    build: %q\n", e.Build)
		}
		b.WriteString("    files:\n")
		for _, arch := range templates.Archs() {
			if s, ok := e.Files[arch]; ok {
				fmt.Fprintf(&b, "      %s:\n        url: %q\n        sha256: %q\n        trust: %s\n", arch, s.URL, s.SHA256, s.Trust)
			}
		}
	}
	return b.Bytes()
}
