package mirror

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/monctl/monctl/lab/run"
)

// cross are the settings for building a static program of an architecture.
func cross(a arch) []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOOS=linux", "GOARCH="+a.goarch, "GOARM="+a.goarm)
}

// buildOwn compiles a program of this module. The same source gives the same bytes.
func buildOwn(ctx context.Context, a arch, pkg, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, pkg)
	cmd.Env = cross(a)
	if _, err := run.Finish(cmd); err != nil {
		return fmt.Errorf("mirror: build %s: %w; the mirror must be built from within the source tree", pkg, err)
	}
	return nil
}

// nodeExporterVersion is built from its Go module: newer than any Debian has.
const nodeExporterVersion = "1.12.1"

const nodeExporterModule = "github.com/prometheus/node_exporter"

// nodeExporterRecipe builds node_exporter from its published module.
func nodeExporterRecipe(a arch) recipe {
	return recipe{
		key: fmt.Sprintf("go 1 node_exporter %s %s", nodeExporterVersion, a.upstream),
		make: func(ctx context.Context, scratch string) ([]product, error) {
			program := filepath.Join(scratch, "node_exporter")
			license, err := buildModule(ctx, a, scratch, program)
			if err != nil {
				return nil, err
			}
			origin := "its Go module, v" + nodeExporterVersion
			c := component{name: "node_exporter"}
			return []product{{
				release: Release{Component: c.name, Owner: "prometheus", Version: nodeExporterVersion, Arch: a.upstream, Origin: origin},
				entries: c.archiveOf(map[string]string{"node_exporter": program}, license, origin),
			}}, nil
		},
	}
}

// buildModule builds in a module of its own, so that this one's go.mod stays as it is.
// It returns the module's licence.
func buildModule(ctx context.Context, a arch, scratch, out string) (license string, err error) {
	mod := filepath.Join(scratch, "module")
	if err := os.MkdirAll(mod, 0o755); err != nil {
		return "", fmt.Errorf("mirror: build node_exporter: %w", err)
	}
	version := "-X github.com/prometheus/common/version.Version=" + nodeExporterVersion
	steps := [][]string{
		{"mod", "init", "example.com/build"},
		{"get", nodeExporterModule + "@v" + nodeExporterVersion},
		{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid= " + version, "-o", out, nodeExporterModule},
		{"list", "-m", "-f", "{{.Dir}}", nodeExporterModule},
	}
	var last string
	for _, args := range steps {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir, cmd.Env = mod, cross(a)
		if last, err = run.Finish(cmd); err != nil {
			return "", fmt.Errorf("mirror: build node_exporter: %w", err)
		}
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(last), "LICENSE"))
	if err != nil {
		return "", fmt.Errorf("mirror: build node_exporter: licence: %w", err)
	}
	return string(text), nil
}
