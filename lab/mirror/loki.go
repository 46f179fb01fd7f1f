package mirror

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/monctl/monctl/lab/run"
)

// WithLoki names the environment variable that, set to anything, has Loki built: five minutes on two cores the first time.
// Once it is in the cache it is served without the variable, too.
const WithLoki = "MONCTL_LAB_LOKI"

const (
	lokiVersion = "3.7.8"
	lokiPackage = "github.com/grafana/loki/v3/cmd/loki"
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
			if err := buildLoki(ctx, program); err != nil {
				return nil, fmt.Errorf("mirror: build loki: %w; the mirror must be built from within the source tree", err)
			}
			return []product{{
				release: Release{Component: "loki", Owner: "grafana", Version: lokiVersion, Arch: amd64.upstream, Origin: "its Go module, v" + lokiVersion},
				entries: []entry{{Name: "loki", Path: program, Mode: 0o755}},
			}}, nil
		},
	}}
}

func buildLoki(ctx context.Context, out string) error {
	root, err := run.Finish(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/monctl/monctl"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags=-s -w -X github.com/grafana/loki/v3/pkg/util/build.Version="+lokiVersion, "-o", out, lokiPackage)
	cmd.Dir, cmd.Env = filepath.Join(strings.TrimSpace(root), "lab", "loki"), cross(amd64)
	_, err = run.Finish(cmd)
	return err
}
