// Package self brings monctl itself to hosts, as the program of their own machine: for what needs a library on the host
// (package datadir), and as a component. It finds the program, proves that it is a monctl of this version and for that
// machine, packs it once, and puts it into a private folder of the host, verified there again.
//
// It knows nothing of what the program is started for.
package self

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/templates"
)

// ErrNone says that there is no monctl for a machine here.
var ErrNone = errors.New("there is no monctl for this machine")

// Programs says where to look for monctl. The zero value knows this process' own executable and what lies beside it.
type Programs struct {
	Own string // "" is this process' executable
	// Given names files of the command line by architecture; they come before everything else.
	Given map[templates.Arch]string
	// Folders are searched for a binary (monctl-linux-arm64) or a release archive (monctl_1.2.0_linux_arm64.tar.gz)
	// after the one that holds Own: a bundle, say.
	Folders []string
	Cache   string // folder for what is packed and unpacked here
}

// Program is a monctl that is on this machine, verified.
type Program struct {
	Path    string
	Arch    templates.Arch
	Size    int64  // bytes
	SHA256  string // hex
	Version string // of the module, as the Go toolchain wrote it

	cache string
}

// ParseGiven reads words of the form linux/arm64=FILE.
func ParseGiven(words []string) (map[templates.Arch]string, error) {
	given := map[templates.Arch]string{}
	for _, w := range words {
		platform, path, ok := strings.Cut(w, "=")
		arch, linux := strings.CutPrefix(platform, "linux/")
		if !ok || path == "" || !linux || !slices.Contains(architectures, templates.Arch(arch)) {
			return nil, fault.Misuse(fmt.Errorf("--monctl-binary %q: want linux/ARCH=FILE with one of %v", w, architectures),
				"For example: --monctl-binary linux/arm64=./monctl-linux-arm64")
		}
		given[templates.Arch(arch)] = path
	}
	return given, nil
}

var architectures = []templates.Arch{templates.AMD64, templates.ARM64, templates.ARMv7}

// For finds the program for an architecture, "" being one that no release fits.
func (p Programs) For(arch templates.Arch) (Program, error) {
	own, err := p.own()
	if err != nil {
		return Program{}, fmt.Errorf("find monctl for %s: %w", arch, err)
	}
	version, err := versionOf(own)
	if err != nil {
		return Program{}, fmt.Errorf("find monctl for %s: this program: %w", arch, err)
	}
	if path := p.Given[arch]; path != "" {
		return p.verified(path, arch, version)
	}
	if machineOf(own) == arch {
		return p.verified(own, arch, version)
	}
	for _, folder := range append([]string{filepath.Dir(own)}, p.Folders...) {
		path, err := p.beside(folder, arch)
		if err != nil {
			return Program{}, err
		}
		if path != "" {
			return p.verified(path, arch, version)
		}
	}
	return Program{}, fault.With(fmt.Errorf("%w: linux/%s (this one is %s)", ErrNone, arch, machineOf(own)),
		"Put the release for it beside %s, or name one: --monctl-binary linux/%s=FILE. From source: make build makes both.", own, arch)
}

func (p Programs) own() (string, error) {
	if p.Own != "" {
		return p.Own, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// beside looks for a binary, then for an archive, in a folder.
func (p Programs) beside(folder string, arch templates.Arch) (string, error) {
	for _, name := range []string{"monctl-linux-" + string(arch), "monctl_linux_" + string(arch)} {
		if path := filepath.Join(folder, name); isFile(path) {
			return path, nil
		}
	}
	archives, err := filepath.Glob(filepath.Join(folder, "monctl_*_linux_"+string(arch)+".tar.gz"))
	if err != nil || len(archives) == 0 {
		return "", err
	}
	slices.Sort(archives)
	return p.unpack(archives[len(archives)-1])
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// verified proves that a file is a monctl for an architecture, of the same version as this one: they speak to each other.
func (p Programs) verified(path string, arch templates.Arch, version string) (Program, error) {
	fail := func(err error) (Program, error) {
		return Program{}, fault.With(fmt.Errorf("monctl for %s: %s: %w", arch, path, err),
			"Give the release of the same version for this machine: --monctl-binary linux/%s=FILE", arch)
	}
	if found := machineOf(path); found != arch {
		return fail(fmt.Errorf("is not a program for linux/%s%s", arch, butFor(found)))
	}
	its, err := versionOf(path)
	if err != nil {
		return fail(err)
	}
	if its != version {
		return fail(fmt.Errorf("is monctl %s, and this is %s", its, version))
	}
	sum, size, err := sumOf(path)
	if err != nil {
		return fail(err)
	}
	return Program{Path: path, Arch: arch, Size: size, SHA256: sum, Version: its, cache: p.Cache}, nil
}

func butFor(found templates.Arch) string {
	if found == "" {
		return ""
	}
	return ", but for " + string(found)
}

func sumOf(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}
