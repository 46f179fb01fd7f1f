package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/monctl/monctl/lab/grafana_standin/files"
)

const modulePath = "github.com/monctl/monctl/lab/"

// BrokenVersion is a node_exporter whose program has the right machine type
// and ends at once with an error.
const BrokenVersion = "1.99.0"

// standinVersions are the numbers the Grafana stand-in appears under, with build ids
// that no real build has.
var standinVersions = []struct{ version, build string }{{"13.2.2", "1000001322"}, {"13.2.3", "1000001323"}}

// ownFolder has a folder for each build of this module's programs.
const ownFolder = "own"

// ownProducts are made of this module's own programs. They are built every time,
// which the Go build cache makes quick, because their source may have changed.
func ownProducts(ctx context.Context, a arch, scratch string) ([]product, string, error) {
	broken, standin := filepath.Join(scratch, "broken"), filepath.Join(scratch, "grafana")
	if err := buildOwn(ctx, a, modulePath+"mirror/broken", broken); err != nil {
		return nil, "", err
	}
	if err := buildOwn(ctx, a, modulePath+"grafana_standin", standin); err != nil {
		return nil, "", err
	}
	agent := filepath.Join(scratch, "alloy")
	if err := buildOwn(ctx, a, modulePath+"alloy_standin", agent); err != nil {
		return nil, "", err
	}
	key, err := sumFiles(broken, standin, agent)
	if err != nil {
		return nil, "", fmt.Errorf("mirror: own programs: %w", err)
	}
	made := []product{brokenProduct(a, broken), agentProduct(a, agent)}
	for _, v := range standinVersions {
		made = append(made, standinProduct(a, standin, v.version, v.build))
	}
	for i := range made {
		made[i].release.Folder = ownFolder + "/" + key
	}
	return made, "own 2 " + a.upstream + " " + key, nil
}

func brokenProduct(a arch, program string) product {
	origin := "a program that only fails"
	c := component{name: "node_exporter"}
	return product{
		release: Release{Component: c.name, Owner: "prometheus", Version: BrokenVersion, Arch: a.upstream, Origin: origin, Broken: true},
		entries: c.archiveOf(map[string]string{c.name: program}, "Apache-2.0\n", origin),
	}
}

func standinProduct(a arch, program, version, build string) product {
	entries := []entry{
		{Name: "bin/grafana", Path: program, Mode: 0o755},
		{Name: "VERSION", Text: version + "\n", Mode: 0o644},
	}
	for name, text := range files.All() {
		entries = append(entries, entry{Name: name, Text: text, Mode: 0o644})
	}
	return product{
		release: Release{Component: "grafana", Owner: "grafana", Version: version, Build: build, Arch: a.upstream, Origin: "the lab's STAND-IN for Grafana, not Grafana"},
		entries: entries,
	}
}

// agentVersion is the number that the stand-in for Alloy appears under.
const agentVersion = "1.18.1"

func agentProduct(a arch, program string) product {
	return product{
		release: Release{Component: "alloy", Owner: "grafana", Version: agentVersion, Arch: a.upstream, Origin: "the lab's STAND-IN for Alloy, not Alloy"},
		entries: []entry{{Name: "alloy", Path: program, Mode: 0o755}},
	}
}

func sumFiles(paths ...string) (string, error) {
	hash := sha256.New()
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		_, _ = hash.Write(text)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}
