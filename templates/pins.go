package templates

import (
	"fmt"
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
