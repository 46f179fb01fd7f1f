package templates

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

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
