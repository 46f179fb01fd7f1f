// Package hosts runs real systemd hosts on one Linux machine: each has its own
// root filesystem, network namespace, SSH server and users, and answers SSH a
// few seconds after [Up]. It needs root.
//
// Whatever a lab makes on the machine carries the lab's subnet number in its
// name and is recorded in the lab's state file, so labs do not touch each other
// and [Lab.Down] removes exactly what is theirs, also after a crash.
package hosts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Options say what a lab consists of.
type Options struct {
	// Name tells labs apart; empty means "demo".
	Name string
	// Cache is the folder for roots and labs; empty means [DefaultCache].
	Cache string
	// AMD64 hosts are named h1, h2, ...; ARM64 hosts a1, a2, ... and are emulated.
	AMD64, ARM64 int
	// Plain hosts, p1, p2, ..., run an SSH server but no systemd.
	Plain int
	// DiskMB limits what each host can write, in MiB; 0 means 2048.
	DiskMB int
	// Subnet is the third byte of 10.231.X.0/24, from 1; 0 means a free one.
	Subnet int
	// Log is told what goes on, a line without a newline at a time; nil means nobody.
	Log func(line string)
}

// Most hosts of each kind, given by the addresses set aside for them.
const (
	maxAMD64 = 99
	maxARM64 = 90
	maxPlain = 50
)

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,30}$`)

// DefaultCache is where roots and labs are kept: $MONCTL_LAB_CACHE, or monctl-lab
// in the user's cache folder.
func DefaultCache() (string, error) {
	if dir := os.Getenv("MONCTL_LAB_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("lab: find cache folder: %w; set MONCTL_LAB_CACHE", err)
	}
	return filepath.Join(dir, "monctl-lab"), nil
}

// Cache makes the cache folder and returns its real path, which is how the
// kernel names what is mounted below it. Empty means [DefaultCache].
func Cache(cache string) (string, error) {
	if cache == "" {
		dir, err := DefaultCache()
		if err != nil {
			return "", err
		}
		cache = dir
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("lab: make cache: %w", err)
	}
	resolved, err := filepath.EvalSymlinks(cache)
	if err != nil {
		return "", fmt.Errorf("lab: find cache: %w", err)
	}
	return filepath.Abs(resolved)
}

// complete fills in the defaults and refuses what cannot be.
func (o Options) complete() (Options, error) {
	if o.Name == "" {
		o.Name = "demo"
	}
	if o.DiskMB == 0 {
		o.DiskMB = 2048
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if err := o.check(); err != nil {
		return o, err
	}
	var err error
	o.Cache, err = Cache(o.Cache)
	return o, err
}

func (o Options) check() error {
	switch {
	case !validName.MatchString(o.Name):
		return fmt.Errorf("lab: name %q: want lower case letters, digits and dashes", o.Name)
	case o.AMD64 < 0 || o.AMD64 > maxAMD64 || o.ARM64 < 0 || o.ARM64 > maxARM64 || o.Plain < 0 || o.Plain > maxPlain:
		return fmt.Errorf("lab %s: hosts: want at most %d amd64, %d arm64 and %d plain ones", o.Name, maxAMD64, maxARM64, maxPlain)
	case o.Subnet < 0 || o.Subnet > maxSubnet:
		return fmt.Errorf("lab %s: subnet %d: want 1 to %d, or 0 for a free one", o.Name, o.Subnet, maxSubnet)
	case o.DiskMB < 64:
		return fmt.Errorf("lab %s: disk of %d MiB: a host does not boot with less than 64", o.Name, o.DiskMB)
	case os.Geteuid() != 0:
		return errors.New("lab: up: namespaces and mounts need root; run it as root")
	}
	return nil
}
