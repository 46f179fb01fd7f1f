package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/monctl/monctl/lab/apt"
)

// newer names the release of Debian whose programs still run on a root of the
// key's, so that every component has a second real version to upgrade to.
var newer = map[string]string{"bookworm": "trixie"}

// debianRecipes take the real programs out of Debian's packages, from the
// machine's own repository.
func debianRecipes() ([]recipe, error) {
	source, suite, err := apt.Own("/etc")
	if err != nil {
		return nil, err
	}
	var all []recipe
	for _, a := range []arch{amd64, arm64, armv7} {
		all = append(all, debianRecipe(source, suite, a, "debian 1", components))
	}
	if next := newer[suite]; next != "" {
		for _, a := range []arch{amd64, arm64} {
			all = append(all, debianRecipe(source, next, a, "debian 1", components), debianRecipe(source, next, a, "debian exporters 1", exporters))
		}
	}
	return all, nil
}

func debianRecipe(source apt.Source, suite string, a arch, key string, of []component) recipe {
	return recipe{
		key: fmt.Sprintf("%s %s %s", key, suite, a.debian),
		make: func(ctx context.Context, scratch string) ([]product, error) {
			lists, err := apt.Fetch(ctx, source, suite, a.debian, filepath.Join(scratch, "apt"))
			if err != nil {
				return nil, err
			}
			var made []product
			for _, c := range of {
				p, err := c.fromDebian(ctx, lists, a, filepath.Join(scratch, c.name))
				if err != nil {
					return nil, err
				}
				made = append(made, p)
			}
			return made, nil
		},
	}
}

func (c component) fromDebian(ctx context.Context, lists *apt.Lists, a arch, dir string) (product, error) {
	version, err := lists.Version(ctx, c.packages[0])
	if err != nil {
		return product{}, err
	}
	programs := map[string]string{}
	for name, path := range c.programs {
		programs[name] = filepath.Join(dir, path)
	}
	for _, name := range c.packages {
		if complete(programs) {
			break // older suites have all programs in the first package
		}
		if err := lists.Unpack(ctx, name, dir); err != nil {
			return product{}, err
		}
	}
	license, err := os.ReadFile(filepath.Join(dir, "usr/share/doc", c.packages[0], "copyright"))
	if err != nil {
		return product{}, fmt.Errorf("mirror: %s: licence: %w", c.name, err)
	}
	origin := fmt.Sprintf("Debian's package %s %s (%s)", c.packages[0], version, a.debian)
	return product{
		release: Release{Component: c.name, Owner: c.owner, Version: upstreamVersion(version), Arch: a.upstream, Origin: origin},
		entries: c.archiveOf(programs, string(license), origin),
	}, nil
}

// complete tells whether all programs are unpacked.
func complete(programs map[string]string) bool {
	for _, path := range programs {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}
