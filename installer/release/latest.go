package release

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/templates"
)

// Latest asks upstream for the newest stable version: prometheus.io, then GitHub's redirect, or Grafana's API.
// GitHub's own API is never asked: it answers 60 times an hour.
func (r *Resolver) Latest(ctx context.Context, c Component) (string, error) {
	version, err := r.latest(ctx, c)
	if err != nil {
		return "", fmt.Errorf("latest version: %w", err)
	}
	if !templates.ValidVersion(version) {
		return "", fmt.Errorf("latest version: upstream says %q, which is no version", version)
	}
	return version, nil
}

func (r *Resolver) latest(ctx context.Context, c Component) (string, error) {
	if c.Spec.Index != "" {
		version, err := r.listed(ctx, c, func(l listedRelease) bool { return l.Latest && l.Stable })
		if err == nil || c.Spec.Source != templates.GitHub || ctx.Err() != nil {
			return version, err
		}
	}
	switch c.Spec.Source {
	case templates.GitHub:
		return r.latestTag(ctx, c)
	case templates.Grafana:
		var stable struct{ Version string }
		err := r.json(ctx, "https://grafana.com/api/grafana/versions/stable", &stable)
		return strings.TrimPrefix(stable.Version, "v"), err
	}
	return "", fault.Misuse(fmt.Errorf("nobody can be asked for it"), "Set an exact version for %s.", c.Name)
}

// listed finds a version in download.json.
func (r *Resolver) listed(ctx context.Context, c Component, is func(listedRelease) bool) (string, error) {
	index, err := r.downloads(ctx)
	for _, l := range index[c.Spec.Index] {
		if version := strings.TrimPrefix(l.Version, "v"); is(l) && templates.ValidVersion(version) {
			return version, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("%s does not list such a version of %s", redacted(r.Mirror.Apply(downloadJSON)), c.Name)
	}
	return "", err
}

func (r *Resolver) latestTag(ctx context.Context, c Component) (string, error) {
	location, err := r.Web.Location(ctx, r.Mirror.Apply("https://github.com/"+c.Spec.Repo+"/releases/latest"))
	if err != nil {
		return "", err
	}
	u, err := url.Parse(location)
	if err != nil {
		return "", err
	}
	_, tag, found := strings.Cut(u.Path, "/releases/tag/")
	version := c.Spec.VersionOf(tag)
	if !found || version == "" {
		return "", fmt.Errorf("%s is not a release tag of %s", u.Redacted(), c.Spec.Repo)
	}
	return version, nil
}
