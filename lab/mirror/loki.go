package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/monctl/monctl/lab/lock"
	"github.com/monctl/monctl/lab/run"
)

// WithLoki names the environment variable that, set to anything, has Loki built: five minutes on two cores the first time.
// Once it is in the cache it is served without the variable, too.
const WithLoki = "MONCTL_LAB_LOKI"

const (
	lokiVersion     = "3.7.8"
	lokiPackage     = "github.com/grafana/loki/v3/cmd/loki"
	promtailPackage = "./promtail"
)

// lokiRecipes build Loki from its published Go module, which lab/loki requires with the replace lines that Loki's own
// go.mod has.
func (m *Mirror) lokiRecipes() []recipe {
	there := slices.ContainsFunc(m.Releases, func(r Release) bool { return r.Component == "loki" })
	if os.Getenv(WithLoki) == "" && !there {
		return nil
	}
	return []recipe{{
		key: fmt.Sprintf("go 1 loki %s %s", lokiVersion, amd64.upstream),
		make: func(ctx context.Context, scratch string) ([]product, error) {
			program := filepath.Join(scratch, "loki")
			if err := buildLoki(ctx, lokiPackage, program); err != nil {
				return nil, fmt.Errorf("mirror: build loki: %w; the mirror must be built from within the source tree", err)
			}
			return []product{{
				release: Release{Component: "loki", Owner: "grafana", Version: lokiVersion, Arch: amd64.upstream, Origin: "its Go module, v" + lokiVersion},
				entries: []entry{{Name: "loki", Path: program, Mode: 0o755}},
			}}, nil
		},
	}}
}

// Promtail returns the log agent, a program for amd64, built from the same module: some minutes on two cores the first time, and
// 86 MB in the cache. It is no release: monctl does not install it.
func Promtail(ctx context.Context, cache string) (string, error) {
	program := filepath.Join(cache, "mirror", "promtail-"+lokiVersion)
	release, err := lock.Acquire(ctx, program+".lock")
	if err != nil {
		return "", fmt.Errorf("mirror: promtail: %w", err)
	}
	defer release()
	if _, err := os.Stat(program); !errors.Is(err, fs.ErrNotExist) {
		return program, err
	}
	half := program + ".part"
	if err := buildLoki(ctx, promtailPackage, half); err != nil {
		return "", fmt.Errorf("mirror: build promtail: %w; it must be built from within the source tree", err)
	}
	return program, os.Rename(half, program)
}

// buildLoki builds one program of the module in lab/loki.
func buildLoki(ctx context.Context, pkg, out string) error {
	root, err := run.Finish(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/monctl/monctl"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w -X github.com/grafana/loki/v3/pkg/util/build.Version="+lokiVersion, "-o", out, pkg)
	cmd.Dir, cmd.Env = filepath.Join(strings.TrimSpace(root), "lab", "loki"), cross(amd64)
	_, err = run.Finish(cmd)
	return err
}
