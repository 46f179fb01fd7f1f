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

// goModule is a release built from its published Go module, where Debian has none that is new enough.
type goModule struct {
	component, version string            // as upstream releases it
	module, tag        string            // as the module proxy has it: Prometheus 3.13.5 is v0.313.5
	programs           map[string]string // name: package below the module
	replace            []string          // the module's own replace lines, which do not count in a module that requires it
	tags               string
	archs              []arch
}

var goModules = []goModule{
	{
		component: "node_exporter", version: "1.12.1",
		module: "github.com/prometheus/node_exporter", tag: "v1.12.1",
		programs: map[string]string{"node_exporter": ""},
		archs:    []arch{amd64, arm64, armv7},
	},
	{
		component: "prometheus", version: "3.13.5",
		module: "github.com/prometheus/prometheus", tag: "v0.313.5",
		programs: map[string]string{"prometheus": "/cmd/prometheus", "promtool": "/cmd/promtool"},
		replace:  []string{"cloud.google.com/go=cloud.google.com/go@v0.123.0"},
		tags:     "remove_all_sd,enable_dns_sd", // without the clouds' discoveries, which nobody has in the lab and which take minutes to compile
		archs:    []arch{amd64, arm64},
	},
}

// moduleRecipes build every module for its architectures.
func moduleRecipes() []recipe {
	var all []recipe
	for _, m := range goModules {
		for _, a := range m.archs {
			all = append(all, m.recipe(a))
		}
	}
	return all
}

func (m goModule) recipe(a arch) recipe {
	return recipe{
		key: fmt.Sprintf("go 1 %s %s %s", m.component, m.version, a.upstream),
		make: func(ctx context.Context, scratch string) ([]product, error) {
			c, err := componentNamed(m.component)
			if err != nil {
				return nil, err
			}
			programs, license, err := m.build(ctx, a, scratch)
			if err != nil {
				return nil, fmt.Errorf("mirror: build %s %s for %s: %w", m.component, m.version, a.upstream, err)
			}
			origin := "its Go module, " + m.tag
			return []product{{
				release: Release{Component: c.name, Owner: c.owner, Version: m.version, Arch: a.upstream, Origin: origin},
				entries: c.archiveOf(programs, license, origin),
			}}, nil
		},
	}
}

// build compiles in a module of its own, so that this one's go.mod stays as it is. It returns where the programs are,
// and the module's licence.
func (m goModule) build(ctx context.Context, a arch, scratch string) (programs map[string]string, license string, err error) {
	dir := filepath.Join(scratch, "module")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, "", err
	}
	goTool := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir, cmd.Env = dir, cross(a)
		return run.Finish(cmd)
	}
	steps := [][]string{{"mod", "init", "example.com/build"}}
	for _, r := range m.replace {
		steps = append(steps, []string{"mod", "edit", "-replace", r})
	}
	programs = map[string]string{}
	get, build := []string{"get"}, [][]string{}
	for name, pkg := range m.programs {
		programs[name] = filepath.Join(scratch, name)
		get = append(get, m.module+pkg+"@"+m.tag)
		version := "-X github.com/prometheus/common/version.Version=" + m.version
		build = append(build, []string{"build", "-trimpath", "-buildvcs=false", "-tags", m.tags, "-ldflags=-s -w -buildid= " + version, "-o", programs[name], m.module + pkg})
	}
	for _, args := range append(append(steps, get), build...) {
		if _, err := goTool(args...); err != nil {
			return nil, "", err
		}
	}
	source, err := goTool("list", "-m", "-f", "{{.Dir}}", m.module)
	if err != nil {
		return nil, "", err
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(source), "LICENSE"))
	return programs, string(text), err
}
