package installer

import (
	"context"
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/installer/self"
	"github.com/monctl/monctl/templates"
)

// Upstream implements Releases with the catalogue's pins, the lock file, upstream or its mirror, and the local cache; what
// is monctl itself comes from Programs.
type Upstream struct {
	Resolver *release.Resolver
	Store    *release.Store
	Programs self.Programs
}

func described(c *templates.Component) release.Component {
	return release.Component{Name: c.Name, Spec: c.Release, Pins: c.Pins}
}

// Resolve implements Releases.
func (u Upstream) Resolve(ctx context.Context, c *templates.Component, want string, archs []templates.Arch) (release.Release, error) {
	if c.Release.Source == templates.Self {
		return u.itself(c, want, archs)
	}
	return u.Resolver.Resolve(ctx, described(c), want, archs)
}

// Fetch implements Releases.
func (u Upstream) Fetch(ctx context.Context, c *templates.Component, r release.Release, arch templates.Arch, progress func(done, total int64)) (resource.Payload, error) {
	if c.Release.Source == templates.Self {
		program, err := u.Programs.For(arch)
		if err != nil {
			return resource.Payload{}, fmt.Errorf("%s: %w", c.Name, err)
		}
		return program.Pack()
	}
	p, err := u.Store.Payload(ctx, described(c), r, arch, progress)
	if err != nil {
		return resource.Payload{}, err
	}
	return resource.Payload{Path: p.Path, Size: p.Size, SHA256: p.SHA256, Strip: p.Strip}, nil
}

// itself is the release of a component that is monctl: there is one version of it, this one.
func (u Upstream) itself(c *templates.Component, want string, archs []templates.Arch) (release.Release, error) {
	rel := release.Release{Component: c.Name, Files: map[templates.Arch]release.File{}}
	for _, a := range archs {
		program, err := u.Programs.For(a)
		if err != nil {
			return release.Release{}, fmt.Errorf("%s: %w", c.Name, err)
		}
		rel.Version = versionWord(program.Version)
		rel.Files[a] = release.File{Name: "monctl", SHA256: program.SHA256}
	}
	if want != "" && want != release.Latest && want != rel.Version {
		return release.Release{}, fault.Misuse(fmt.Errorf("%s: version %s is asked for, and this monctl is %s", c.Name, want, rel.Version),
			"The monitor is monctl itself: leave its version out, or run the monctl of that version.")
	}
	return rel, nil
}

// versionWord makes the name of a folder of a version as the Go toolchain writes it: "v1.2.0", or "(devel)".
func versionWord(version string) string {
	return strings.Trim(strings.TrimPrefix(version, "v"), "()")
}
