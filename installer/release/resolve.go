package release

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/release/lock"
	"github.com/monctl/monctl/installer/release/web"
	"github.com/monctl/monctl/templates"
)

// The words that may stand for a version. The empty word is the default: the newest version that is attested by
// two independent sources for every machine asked for.
const (
	Latest = "latest" // the newest that upstream says is stable
	LTS    = "lts"    // the newest attested one of upstream's long-term support line
)

// NoBuildError says that upstream publishes nothing for a machine.
type NoBuildError struct{ Arch templates.Arch }

// Error names the machine.
func (e *NoBuildError) Error() string { return fmt.Sprintf("upstream ships no %s build", e.Arch) }

// Resolver decides versions and sums. The zero value of each field but Web is a fair choice. It is safe for use
// by several goroutines.
type Resolver struct {
	Web    *web.Client
	Mirror Mirror
	Lock   lock.File
	// TrustUpstream accepts upstream's own checksum file for files that nobody else vouches for.
	TrustUpstream bool
	// Upgrade chooses versions anew where the lock file has one. The sums in the lock file hold all the same.
	Upgrade bool

	indexOnce sync.Once
	index     downloadIndex
	indexErr  error
}

// Resolve decides which files make up a component. want is "", "latest", "lts", a line ("3.13") or an exact
// version. The lock file's version wins over "", "latest" and "lts" and over a line it belongs to. Sums come from
// the lock file, from the pins, and from upstream only with TrustUpstream; two that differ are a refusal.
func (r *Resolver) Resolve(ctx context.Context, c Component, want string, archs []templates.Arch) (Release, error) {
	rel, err := r.resolve(ctx, c, want, archs)
	if err != nil {
		return Release{}, fmt.Errorf("%s: %w", c.Name, err)
	}
	return rel, nil
}

func (r *Resolver) resolve(ctx context.Context, c Component, want string, archs []templates.Arch) (Release, error) {
	for _, a := range archs {
		if !c.Spec.Ships(a) {
			return Release{}, fault.Misuse(&NoBuildError{a},
				"Take %s off the %s hosts in monctl.yaml.", c.Name, a)
		}
	}
	version, err := r.version(ctx, c, want, archs)
	if err != nil {
		return Release{}, err
	}
	rel := Release{Component: c.Name, Version: version, Build: r.build(c, version), Files: map[templates.Arch]File{}}
	for _, a := range archs {
		f, build, err := r.file(ctx, c, version, rel.Build, a)
		if err != nil {
			return Release{}, fmt.Errorf("%s: %s: %w", version, a, err)
		}
		rel.Files[a], rel.Build = f, build
	}
	return rel, nil
}

// version turns the wanted word into an exact version.
func (r *Resolver) version(ctx context.Context, c Component, want string, archs []templates.Arch) (string, error) {
	exact := templates.ValidVersion(want)
	if locked, ok := r.Lock.Components[c.Name]; ok && !r.Upgrade && !exact && covers(want, c.Spec.LTS, locked.Version) {
		return locked.Version, nil
	}
	switch {
	case exact:
		return want, nil
	case want == Latest, want == "" && len(c.Pins) == 0:
		return r.Latest(ctx, c)
	case want == "":
		return attested(c, "", archs)
	case want == LTS && c.Spec.LTS == "":
		return "", fault.Misuse(fmt.Errorf("upstream has no long-term support line"), "Use `version: latest` or an exact version.")
	case want == LTS:
		v, err := attested(c, c.Spec.LTS, archs)
		if err != nil && r.TrustUpstream {
			return r.listed(ctx, c, func(l listedRelease) bool { return l.LTS && l.Stable })
		}
		return v, err
	case strings.Trim(want, "0123456789.") == "" && strings.Count(want, ".") < 2:
		return attested(c, want, archs)
	}
	return "", fault.Misuse(fmt.Errorf("version %q is none", want), "Use latest, lts, a line such as 3.13, or an exact version such as 3.13.2.")
}

// covers says whether a locked version satisfies the wanted word.
func covers(want, lts, locked string) bool {
	switch want {
	case "", Latest:
		return true
	case LTS:
		return lts != "" && templates.InLine(locked, lts)
	}
	return templates.InLine(locked, want)
}

// attested gives the newest version of a line that two independent sources vouch for on every machine.
func attested(c Component, line string, archs []templates.Arch) (string, error) {
	if v := c.Pins.Newest(line, templates.Attested, archs); v != "" {
		return v, nil
	}
	what := "version"
	if line != "" {
		what = "version of the line " + line
	}
	err := fmt.Errorf("no %s is attested by %d independent sources for %s", what, templates.Attested, join(archs))
	if v := c.Pins.Newest(line, 1, archs); v != "" {
		return "", fault.Refuse(err, "One source alone vouches for %s: to accept that, set `version: %s` for %s.", v, v, c.Name)
	}
	return "", fault.Refuse(err, "Set an exact version for %s and accept upstream's own checksums with `--trust-upstream-sums`.", c.Name)
}

func join(archs []templates.Arch) string {
	words := make([]string, len(archs))
	for i, a := range archs {
		words[i] = string(a)
	}
	return strings.Join(words, ", ")
}

// build gives the build id that the lock file or the pins state for a version; "" when neither does.
func (r *Resolver) build(c Component, version string) string {
	if locked := r.Lock.Components[c.Name]; locked.Version == version && locked.Build != "" {
		return locked.Build
	}
	i := slices.IndexFunc(c.Pins, func(p templates.Pin) bool { return p.Version == version })
	if i < 0 {
		return ""
	}
	return c.Pins[i].Build
}

// file finds the sum of one file: from the lock file, else the pins, else upstream.
func (r *Resolver) file(ctx context.Context, c Component, version, build string, arch templates.Arch) (File, string, error) {
	pin, pinned := c.Pins.Find(version, arch)
	locked, isLocked := r.locked(c, version, arch)
	switch {
	case isLocked && pinned && locked.SHA256 != pin.SHA256:
		return File{}, "", fault.Refuse(
			fmt.Errorf("%s has sha256 %s, the catalogue says %s", lock.Name, locked.SHA256, pin.SHA256),
			"One of them is wrong: the file was replaced upstream, or %s was altered. Find out which before installing; then delete the entry of %s from %s.", lock.Name, c.Name, lock.Name)
	case pinned:
		f := r.newFile(c.Spec.FileURL(version, pin.Build, pin.File), pin.SHA256, lock.Single)
		if f.Name, f.Sources, f.Locked = pin.File, len(pin.Sources), isLocked; pin.Weight() >= templates.Attested {
			f.Trust = lock.Attested
		}
		return f, pin.Build, nil
	case isLocked:
		f := r.newFile(locked.URL, locked.SHA256, locked.Trust)
		f.Locked = true
		return f, r.Lock.Components[c.Name].Build, nil
	case !r.TrustUpstream:
		return File{}, "", fault.Refuse(fmt.Errorf("the sum of this file is not pinned"),
			"Choose a pinned version (%s), or accept upstream's own checksum with `--trust-upstream-sums`; it is then written to %s.", nearest(c.Pins, version), lock.Name)
	}
	return r.upstream(ctx, c, version, build, arch)
}

func (r *Resolver) newFile(address, sum string, trust lock.Trust) File {
	return File{Name: fileName(address), URL: address, From: r.Mirror.Apply(address), SHA256: sum, Trust: trust}
}

func (r *Resolver) locked(c Component, version string, arch templates.Arch) (lock.Sum, bool) {
	e := r.Lock.Components[c.Name]
	if e.Version != version {
		return lock.Sum{}, false
	}
	for _, a := range []templates.Arch{arch, templates.Any} {
		if s, ok := e.Files[a]; ok {
			return s, true
		}
	}
	return lock.Sum{}, false
}

// nearest names up to three pinned versions around one, for a remedy.
func nearest(pins templates.Pins, version string) string {
	versions := pins.Versions()
	at := slices.IndexFunc(versions, func(v string) bool { return templates.CompareVersions(v, version) < 0 })
	if at < 0 {
		at = len(versions)
	}
	near := versions[max(0, min(at-1, len(versions)-3)):]
	if len(near) == 0 {
		return "none is"
	}
	return strings.Join(near[:min(3, len(near))], ", ")
}
