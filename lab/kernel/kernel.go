// Package kernel gets a kernel for whole virtual machines out of the machine's
// own package repository, and makes the small first root that finds their disk.
package kernel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/monctl/monctl/lab/apt"
	"github.com/monctl/monctl/lab/lock"
	"github.com/monctl/monctl/lab/run"
)

// Kernel is an unpacked kernel for amd64.
type Kernel struct {
	Image   string // what qemu loads
	Initrd  string // what the kernel unpacks first
	Modules string // the folder to put at /usr/lib/modules
}

// metapackage depends on the newest kernel for virtual machines.
const metapackage = "linux-image-cloud-amd64"

// Ensure returns the kernel in the lab's cache, and gets it there first when
// it is missing; that takes about a minute.
func Ensure(ctx context.Context, cache string) (Kernel, error) {
	dir := filepath.Join(cache, "kernel")
	release, err := lock.Acquire(ctx, dir+".lock")
	if err != nil {
		return Kernel{}, fmt.Errorf("kernel: %w", err)
	}
	defer release()
	k := Kernel{Image: filepath.Join(dir, "vmlinuz"), Initrd: filepath.Join(dir, "initrd.gz"), Modules: filepath.Join(dir, "modules")}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := apt.Install(ctx, "busybox-static", "kmod"); err != nil {
		return Kernel{}, fmt.Errorf("kernel: %w", err)
	}
	half := dir + ".half"
	if err := os.RemoveAll(half); err != nil {
		return Kernel{}, fmt.Errorf("kernel: %w", err)
	}
	if err := build(ctx, half); err != nil {
		return Kernel{}, fmt.Errorf("kernel: %w", err)
	}
	return k, os.Rename(half, dir)
}

func build(ctx context.Context, dir string) error {
	unpacked := filepath.Join(dir, "unpacked")
	if err := download(ctx, dir, unpacked); err != nil {
		return err
	}
	versions, err := os.ReadDir(filepath.Join(unpacked, "lib/modules"))
	if err != nil || len(versions) != 1 {
		return fmt.Errorf("unpack: want the modules of one kernel, got %d: %w", len(versions), err)
	}
	version := versions[0].Name()
	if _, err := run.Output(ctx, "depmod", "--basedir", unpacked, version); err != nil {
		return err
	}
	if err := makeInitrd(ctx, unpacked, version, filepath.Join(dir, "initrd.gz")); err != nil {
		return fmt.Errorf("make initrd: %w", err)
	}
	return errors.Join(
		os.Rename(filepath.Join(unpacked, "boot", "vmlinuz-"+version), filepath.Join(dir, "vmlinuz")),
		os.Rename(filepath.Join(unpacked, "lib/modules"), filepath.Join(dir, "modules")),
		os.RemoveAll(unpacked),
	)
}

func download(ctx context.Context, dir, unpacked string) error {
	source, suite, err := apt.Own("/etc")
	if err != nil {
		return err
	}
	lists, err := apt.Fetch(ctx, source, suite, "amd64", filepath.Join(dir, "apt"))
	if err != nil {
		return err
	}
	depends, err := lists.Field(ctx, metapackage, "Depends")
	if err != nil {
		return err
	}
	name, _, _ := strings.Cut(depends, " ")
	if err := lists.Unpack(ctx, name, unpacked); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(dir, "apt"))
}
