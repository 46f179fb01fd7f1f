package templates

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Arch is a machine in monctl's own words; upstream's word for it is in Release.Archs.
type Arch string

// The machines a release can be for. Any stands for a file that runs on all of them (a jar).
const (
	AMD64 Arch = "amd64"
	ARM64 Arch = "arm64"
	ARMv7 Arch = "armv7"
	Any   Arch = "any"
)

// Archs lists every known machine, in the order used in files and output.
func Archs() []Arch { return []Arch{AMD64, ARM64, ARMv7, Any} }

// Source says which kind of place a release is published in.
type Source string

// The places: a release page of GitHub, Grafana's download server, a folder anywhere else, or none: the program is monctl
// itself, which is where it is needed already.
const (
	GitHub  Source = "github"
	Grafana Source = "grafana"
	URL     Source = "url"
	Self    Source = "monctl"
)

// Format says what the published file is.
type Format string

// The formats of published files.
const (
	TarGz  Format = "tar.gz"
	Zip    Format = "zip"
	Binary Format = "binary" // the executable itself
	Jar    Format = "jar"
)

// Release is the release part of a component.yaml: where the files of a version are published and what is in
// them. Tag, File, Sums and Folder are patterns with {version}, {build} and {arch}; Sums knows {file} too.
type Release struct {
	Source Source `yaml:"source"`
	Repo   string `yaml:"repo,omitempty"`   // github: owner/name
	Tag    string `yaml:"tag,omitempty"`    // github: the git tag, "v{version}"
	Folder string `yaml:"folder,omitempty"` // url: the folder that holds the file, "https://example.org/dist/{version}"
	File   string `yaml:"file,omitempty"`   // not for source monctl
	Sums   string `yaml:"sums,omitempty"`   // checksum file beside the file; "" when upstream has none
	Index  string `yaml:"index,omitempty"`  // key in prometheus.io/download.json; "" when it is not listed there
	LTS    string `yaml:"lts,omitempty"`    // long-term support line, "3.13"; "" when upstream has none
	// Archs gives upstream's word for each machine upstream ships.
	Archs map[Arch]string `yaml:"archs"`
	// Binaries are paths inside the release folder that must be there: ELF executables of the host's machine,
	// or the one jar.
	Binaries []string `yaml:"binaries"`
	// Member is the pattern of the zip's member that becomes the only binary, when its name differs: "loki-linux-{arch}".
	Member string `yaml:"member,omitempty"`
	Format Format `yaml:"format"`
}

var (
	repoShape    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`)
	fileShape    = regexp.MustCompile(`^[A-Za-z0-9{][A-Za-z0-9._+{}-]*$`)
	indexShape   = regexp.MustCompile(`^[a-z0-9_]*$`)
	lineShape    = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?)?$`)
	placeholders = regexp.MustCompile(`\{[^}]*\}?`)
)

// Validate reports everything that is wrong with the description, one line each.
func (r Release) Validate() error {
	var errs []error
	bad := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("release.%s: "+format, append([]any{field}, args...)...))
	}
	r.validatePlace(bad)
	for _, p := range []struct{ field, value string }{{"file", r.File}, {"sums", r.Sums}, {"tag", r.Tag}, {"member", r.Member}} {
		if p.value != "" && !fileShape.MatchString(p.value) {
			bad(p.field, "%q is not a plain file name", p.value)
		}
	}
	if r.File == "" && r.Source != Self {
		bad("file", "is missing")
	}
	if !indexShape.MatchString(r.Index) {
		bad("index", "%q is not a repository name of prometheus.io", r.Index)
	}
	if !lineShape.MatchString(r.LTS) {
		bad("lts", "%q is not a version line such as 3.13", r.LTS)
	}
	r.validatePatterns(bad)
	r.validateContent(bad)
	return errors.Join(errs...)
}

func (r Release) validatePlace(bad func(field, format string, args ...any)) {
	switch r.Source {
	case GitHub:
		if !repoShape.MatchString(r.Repo) {
			bad("repo", "%q is not owner/name", r.Repo)
		}
		if r.Tag == "" {
			bad("tag", "is missing")
		}
	case Grafana, Self:
	case URL:
		if u, err := url.Parse(r.Folder); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			bad("folder", "%q is not an http(s) URL", r.Folder)
		}
	default:
		bad("source", "%q is none of github, grafana, url, monctl", r.Source)
	}
	if r.Source != GitHub && (r.Repo != "" || r.Tag != "") {
		bad("repo", "repo and tag belong to source github")
	}
	if r.Source != URL && r.Folder != "" {
		bad("folder", "belongs to source url")
	}
}

func (r Release) validatePatterns(bad func(field, format string, args ...any)) {
	known := []string{"{version}", "{build}", "{arch}"}
	for _, p := range []struct {
		field, value string
		more         string
	}{{"file", r.File, ""}, {"tag", r.Tag, ""}, {"folder", r.Folder, ""}, {"member", r.Member, ""}, {"sums", r.Sums, "{file}"}} {
		for _, m := range placeholders.FindAllString(p.value, -1) {
			if !slices.Contains(known, m) && m != p.more {
				bad(p.field, "unknown placeholder %s", m)
			}
		}
	}
}

func (r Release) validateContent(bad func(field, format string, args ...any)) {
	if !slices.Contains([]Format{TarGz, Zip, Binary, Jar}, r.Format) {
		bad("format", "%q is none of tar.gz, zip, binary, jar", r.Format)
	}
	if len(r.Archs) == 0 {
		bad("archs", "is empty")
	}
	for _, a := range sortedArchs(r.Archs) {
		if !slices.Contains(Archs(), a) {
			bad("archs", "%q is none of amd64, arm64, armv7, any", a)
		}
		if !fileShape.MatchString(r.Archs[a]) {
			bad("archs", "%q is not a word for %s", r.Archs[a], a)
		}
	}
	if len(r.Binaries) == 0 {
		bad("binaries", "is empty")
	}
	if len(r.Binaries) != 1 && (r.Format == Binary || r.Format == Jar || r.Member != "") {
		bad("binaries", "must be one name for a single file")
	}
	if r.Member != "" && r.Format != Zip {
		bad("member", "belongs to format zip")
	}
	if len(r.Archs) > 1 && !strings.Contains(r.File, "{arch}") && r.Source != Self {
		bad("file", "%q is the same for every machine in archs", r.File)
	}
	if r.Source == Grafana && !strings.Contains(r.File, "{build}") {
		bad("file", "%q has no {build}, which Grafana's addresses need", r.File)
	}
	for _, b := range r.Binaries {
		if b == "" || path.IsAbs(b) || path.Clean(b) != b || strings.HasPrefix(b, "../") || b == ".." {
			bad("binaries", "%q is not a path inside the release folder", b)
		}
	}
}

func sortedArchs(m map[Arch]string) []Arch {
	archs := make([]Arch, 0, len(m))
	for a := range m {
		archs = append(archs, a)
	}
	slices.Sort(archs)
	return archs
}
