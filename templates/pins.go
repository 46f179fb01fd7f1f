package templates

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Pin is one row of a releases.tsv: the sum of one published file, and who says so.
type Pin struct {
	Version string
	Arch    Arch
	File    string   // name as published
	Build   string   // Grafana's build id; "" elsewhere
	SHA256  string   // 64 hex digits, lower case
	Sources []string // independent origins that state this sum, at least one
}

// Pins are the rows of one component, newest version first.
type Pins []Pin

// Attested is how many independent sources make a sum trusted without asking.
const Attested = 2

// OwnSource is the operator's own word in their own releases.tsv. It is enough by itself.
const OwnSource = "own"

// Weight is the number of independent sources that state the sum, at least Attested when OwnSource is one.
func (p Pin) Weight() int {
	if slices.Contains(p.Sources, OwnSource) {
		return max(Attested, len(p.Sources))
	}
	return len(p.Sources)
}

const pinHeader = "version\tarch\tfile\tbuild\tsha256\tsources"

var (
	sumShape    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	buildShape  = regexp.MustCompile(`^[0-9]{0,20}$`)
	sourceShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)
)

// ParsePins reads a releases.tsv: a header line, then rows of tab-separated version, arch, file, build, sha256
// and sources (separated by ";"), newest version first and machines in the order of Archs. Lines that begin
// with "#" are comments. name is used in errors, which say name:line: what.
func ParsePins(name string, data []byte) (Pins, error) {
	var pins Pins
	headed := false
	for i, line := range strings.Split(string(bytes.TrimSuffix(data, []byte("\n"))), "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case !headed:
			if line != pinHeader {
				return nil, fmt.Errorf("%s:%d: the first line must name the columns: %s", name, i+1, strings.ReplaceAll(pinHeader, "\t", " "))
			}
			headed = true
		default:
			pin, err := parsePin(line)
			if err == nil && len(pins) > 0 {
				err = follows(pins[len(pins)-1], pin)
			}
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
			}
			pins = append(pins, pin)
		}
	}
	return pins, nil
}

func parsePin(line string) (Pin, error) {
	f := strings.Split(line, "\t")
	if len(f) != 6 {
		return Pin{}, fmt.Errorf("%d columns instead of 6", len(f))
	}
	p := Pin{Version: f[0], Arch: Arch(f[1]), File: f[2], Build: f[3], SHA256: f[4], Sources: strings.Split(f[5], ";")}
	switch {
	case !ValidVersion(p.Version):
		return p, fmt.Errorf("version: %q is not a semantic version", p.Version)
	case !slices.Contains(Archs(), p.Arch):
		return p, fmt.Errorf("arch: %q is none of amd64, arm64, armv7, any", p.Arch)
	case !fileShape.MatchString(p.File) || strings.ContainsAny(p.File, "{}"):
		return p, fmt.Errorf("file: %q is not a plain file name", p.File)
	case !buildShape.MatchString(p.Build):
		return p, fmt.Errorf("build: %q is not a number", p.Build)
	case !sumShape.MatchString(p.SHA256):
		return p, fmt.Errorf("sha256: %q is not 64 lower-case hex digits", p.SHA256)
	}
	for i, s := range p.Sources {
		if !sourceShape.MatchString(s) {
			return p, fmt.Errorf("sources: %q is not a source name", s)
		}
		if slices.Contains(p.Sources[:i], s) {
			return p, fmt.Errorf("sources: %s is counted twice", s)
		}
	}
	return p, nil
}

// follows reports why next may not stand after prev.
func follows(prev, next Pin) error {
	switch c := CompareVersions(prev.Version, next.Version); {
	case c < 0:
		return fmt.Errorf("version %s stands after %s: newest first", next.Version, prev.Version)
	case c > 0:
		return nil
	}
	if prev.Build != next.Build {
		return fmt.Errorf("version %s has two builds, %s and %s", next.Version, prev.Build, next.Build)
	}
	a, b := slices.Index(Archs(), prev.Arch), slices.Index(Archs(), next.Arch)
	switch {
	case a == b && prev.SHA256 != next.SHA256:
		return fmt.Errorf("version %s arch %s has two sums", next.Version, next.Arch)
	case a == b:
		return fmt.Errorf("version %s arch %s appears twice", next.Version, next.Arch)
	case a > b:
		return fmt.Errorf("arch %s stands after %s: the order is amd64, arm64, armv7, any", next.Arch, prev.Arch)
	}
	return nil
}

// Find returns the pin of a version for a machine.
func (p Pins) Find(version string, arch Arch) (Pin, bool) {
	for _, pin := range p {
		if pin.Version == version && (pin.Arch == arch || pin.Arch == Any) {
			return pin, true
		}
	}
	return Pin{}, false
}

// Newest returns the newest version of a line ("" for all) whose file is pinned by at least sources independent
// origins for every machine in archs; "" when there is none. Pre-releases are never chosen.
func (p Pins) Newest(line string, sources int, archs []Arch) string {
	for _, v := range p.Versions() {
		if InLine(v, line) && !strings.Contains(strings.SplitN(v, "+", 2)[0], "-") && p.covers(v, sources, archs) {
			return v
		}
	}
	return ""
}

func (p Pins) covers(version string, sources int, archs []Arch) bool {
	for _, a := range archs {
		if pin, ok := p.Find(version, a); !ok || pin.Weight() < sources {
			return false
		}
	}
	return true
}

// Versions lists the pinned versions, newest first.
func (p Pins) Versions() []string {
	var versions []string
	for _, pin := range p {
		if n := len(versions); n == 0 || versions[n-1] != pin.Version {
			versions = append(versions, pin.Version)
		}
	}
	return versions
}

// Merge adds an operator's own pins to the catalogue's. Two sums for the same file are an error.
func (p Pins) Merge(more Pins) (Pins, error) {
	merged := slices.Clone(p)
	for _, m := range more {
		i := slices.IndexFunc(merged, func(q Pin) bool { return q.Version == m.Version && q.Arch == m.Arch })
		switch {
		case i < 0:
			merged = append(merged, m)
		case merged[i].SHA256 != m.SHA256 || merged[i].Build != m.Build:
			return nil, fmt.Errorf("version %s arch %s: sum %.12s… (%s) contradicts %.12s… (%s)", m.Version, m.Arch,
				m.SHA256, strings.Join(m.Sources, ";"), merged[i].SHA256, strings.Join(merged[i].Sources, ";"))
		default:
			merged[i].Sources = union(merged[i].Sources, m.Sources)
		}
	}
	slices.SortStableFunc(merged, func(a, b Pin) int {
		if c := CompareVersions(b.Version, a.Version); c != 0 {
			return c
		}
		return slices.Index(Archs(), a.Arch) - slices.Index(Archs(), b.Arch)
	})
	return merged, nil
}

func union(a, b []string) []string {
	both := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(both, s) {
			both = append(both, s)
		}
	}
	return both
}
