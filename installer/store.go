package installer

import (
	"context"

	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/templates"
)

// Upstream implements Releases with the catalogue's pins, the lock file, upstream or its mirror, and the local cache.
type Upstream struct {
	Resolver *release.Resolver
	Store    *release.Store
}

func described(c *templates.Component) release.Component {
	return release.Component{Name: c.Name, Spec: c.Release, Pins: c.Pins}
}

// Resolve implements Releases.
func (u Upstream) Resolve(ctx context.Context, c *templates.Component, want string, archs []templates.Arch) (release.Release, error) {
	return u.Resolver.Resolve(ctx, described(c), want, archs)
}

// Fetch implements Releases.
func (u Upstream) Fetch(ctx context.Context, c *templates.Component, r release.Release, arch templates.Arch, progress func(done, total int64)) (resource.Payload, error) {
	p, err := u.Store.Payload(ctx, described(c), r, arch, progress)
	if err != nil {
		return resource.Payload{}, err
	}
	return resource.Payload{Path: p.Path, Size: p.Size, SHA256: p.SHA256, Strip: p.Strip}, nil
}
