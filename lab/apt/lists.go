package apt

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/monctl/monctl/lab/run"
)

// Lists is a set of package lists of its own: one suite, one architecture.
type Lists struct {
	Suite, Arch string // Arch is Debian's name: amd64, arm64, armhf
	dir         string
}

// Fetch gets the lists of a suite and architecture from the repository into dir.
// The machine's own lists stay as they are.
func Fetch(ctx context.Context, from Source, suite, arch, dir string) (*Lists, error) {
	l := &Lists{Suite: suite, Arch: arch, dir: filepath.Join(dir, suite+"-"+arch)}
	for _, sub := range []string{"lists/partial", "archives/partial"} {
		if err := os.MkdirAll(filepath.Join(l.dir, sub), 0o755); err != nil {
			return nil, fmt.Errorf("apt: lists of %s %s: %w", suite, arch, err)
		}
	}
	options := ""
	if from.SignedBy != "" {
		options = "[signed-by=" + from.SignedBy + "] "
	}
	line := fmt.Sprintf("deb %s%s %s main\n", options, from.URI, suite)
	if err := os.WriteFile(l.sourceList(), []byte(line), 0o644); err != nil {
		return nil, fmt.Errorf("apt: lists of %s %s: %w", suite, arch, err)
	}
	if _, err := run.Output(ctx, "apt-get", append(l.options(), "update", "-q")...); err != nil {
		return nil, fmt.Errorf("apt: lists of %s %s: %w", suite, arch, err)
	}
	return l, nil
}

func (l *Lists) sourceList() string { return filepath.Join(l.dir, "sources.list") }

// options keep apt inside the folder. The sandbox user is off because it may
// not be allowed to write below the cache of root.
func (l *Lists) options() []string {
	return []string{
		"-oDir::Etc::SourceList=" + l.sourceList(),
		"-oDir::Etc::SourceParts=/dev/null",
		"-oDir::State::Lists=" + filepath.Join(l.dir, "lists"),
		"-oDir::Cache=" + l.dir,
		"-oAPT::Architecture=" + l.Arch,
		"-oAPT::Architectures=" + l.Arch,
		"-oAPT::Sandbox::User=root",
		"-oAcquire::Languages=none",
	}
}

// Version is the package's newest version in these lists.
func (l *Lists) Version(ctx context.Context, name string) (string, error) {
	return l.Field(ctx, name, "Version")
}

// Field is what the lists say of the newest version of a package: its Depends, say.
func (l *Lists) Field(ctx context.Context, name, field string) (string, error) {
	text, err := run.Output(ctx, "apt-cache", append(l.options(), "show", "--no-all-versions", name)...)
	if err != nil {
		return "", fmt.Errorf("apt: %s of %s in %s %s: %w", field, name, l.Suite, l.Arch, err)
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, field+": "); ok {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("apt: %s of %s in %s %s: not offered", field, name, l.Suite, l.Arch)
}

// Unpack downloads a package and unpacks its files below target.
func (l *Lists) Unpack(ctx context.Context, name, target string) error {
	dir, err := os.MkdirTemp(l.dir, "get-")
	if err != nil {
		return fmt.Errorf("apt: download %s: %w", name, err)
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(ctx, "apt-get", append(l.options(), "download", "-q", name)...)
	cmd.Dir = dir
	if _, err := run.Finish(cmd); err != nil {
		return fmt.Errorf("apt: download %s for %s: %w", name, l.Arch, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("apt: download %s for %s: got %d files instead of one package", name, l.Arch, len(found))
	}
	if _, err := run.Output(ctx, "dpkg-deb", "-x", found[0], target); err != nil {
		return fmt.Errorf("apt: unpack %s: %w", name, err)
	}
	return nil
}
