// Package mirror makes and serves releases in upstream's own layouts, so that
// installs and upgrades are tested with real programs and no internet.
//
// The programs are real: they come from Debian's packages and from published Go
// modules. Only Grafana is a stand-in, because it is to be had from neither;
// a real one takes its place where [GivenGrafana] names it.
// Sums differ from upstream's: an installer must be told to trust the mirror's.
package mirror

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/monctl/monctl/lab/lock"
)

// Build makes what is missing in the cache's mirror and returns all of it. The
// first time takes minutes, later ones a second or two. Log may be nil.
func Build(ctx context.Context, cache string, log func(line string)) (*Mirror, error) {
	if log == nil {
		log = func(string) {}
	}
	release, err := lock.Acquire(ctx, filepath.Join(cache, "mirror.lock"))
	if err != nil {
		return nil, fmt.Errorf("mirror: %w", err)
	}
	defer release()
	m, err := Open(cache)
	if err != nil {
		return nil, err
	}
	recipes, err := debianRecipes()
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Concat(recipes, moduleRecipes(), m.lokiRecipes()) {
		if m.has(r.key) {
			continue
		}
		log("mirror: making " + r.key)
		if err := m.cook(ctx, r); err != nil {
			return nil, err
		}
	}
	for _, a := range []arch{amd64, arm64} {
		if err := m.cookOwn(ctx, a); err != nil {
			return nil, err
		}
	}
	return m, m.takeGrafana(given())
}
