package apt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/monctl/monctl/lab/run"
)

// Flat makes dir a repository of some packages and what they need that a root lacks, for hosts that reach no other. Packages may
// conflict with each other. Serve it over HTTP, and name it "deb [trusted=yes] http://ADDRESS/ ./" (sources.list(5)).
func Flat(ctx context.Context, root, dir string, packages ...string) error {
	if err := os.MkdirAll(filepath.Join(dir, "partial"), 0o755); err != nil {
		return fmt.Errorf("apt: repository: %w", err)
	}
	for _, name := range packages {
		_, err := run.Output(ctx, "apt-get", "-q", "-y", "--no-install-recommends", "--download-only",
			"-oDir::State::status="+filepath.Join(root, "var/lib/dpkg/status"), "-oDir::Cache::archives="+dir,
			"-oAPT::Sandbox::User=root", "-oDebug::NoLocking=true", "install", name)
		if err != nil {
			return fmt.Errorf("apt: repository: download %s: %w", name, err)
		}
	}
	return index(ctx, dir)
}

// index writes the file Packages: what each package says of itself, where it is, and its sum.
func index(ctx context.Context, dir string) error {
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return fmt.Errorf("apt: repository: %w", err)
	}
	var text strings.Builder
	for _, deb := range debs {
		about, err := run.Output(ctx, "dpkg-deb", "-f", deb)
		if err != nil {
			return fmt.Errorf("apt: repository: %w", err)
		}
		content, err := os.ReadFile(deb)
		if err != nil {
			return fmt.Errorf("apt: repository: %w", err)
		}
		sum := sha256.Sum256(content)
		fmt.Fprintf(&text, "%s\nFilename: ./%s\nSize: %d\nSHA256: %s\n\n", about, filepath.Base(deb), len(content), hex.EncodeToString(sum[:]))
	}
	if err := os.WriteFile(filepath.Join(dir, "Packages"), []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("apt: repository: %w", err)
	}
	return nil
}
