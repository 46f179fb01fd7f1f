// Package extras gets the few files beside the root filesystems that the lab's
// programs need, out of the machine's own package repository.
package extras

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/monctl/monctl/lab/apt"
	"github.com/monctl/monctl/lab/lock"
)

// alertmanagerTemplates is where Debian's Alertmanager reads its default
// notification templates. Upstream's carries them inside, so only programs
// repacked from Debian's packages need the folder on their host.
const alertmanagerTemplates = "usr/share/prometheus/alertmanager"

// Templates returns a folder to lay over a host's root, with what Debian's
// builds of the programs in the mirror read beside themselves.
func Templates(ctx context.Context, cache string) (string, error) {
	return ensure(ctx, cache, "templates", func(lists *apt.Lists, unpacked, dir string) error {
		if err := lists.Unpack(ctx, "prometheus-alertmanager", unpacked); err != nil {
			return err
		}
		return move(unpacked, dir, alertmanagerTemplates)
	})
}

// Busybox returns a program for amd64 that needs nothing but libc and is also a wget, for hosts that are to
// download by themselves: it is wget when it is called so.
func Busybox(ctx context.Context, cache string) (string, error) {
	dir, err := ensure(ctx, cache, "busybox", func(lists *apt.Lists, unpacked, dir string) error {
		if err := lists.Unpack(ctx, "busybox", unpacked); err != nil {
			return err
		}
		return move(unpacked, dir, "bin/busybox")
	})
	return filepath.Join(dir, "bin/busybox"), err
}

// Chrony returns a real NTP server for this machine, unpacked and not installed: chronyd would set a clock where it is.
func Chrony(ctx context.Context, cache string) (string, error) {
	dir, err := ensure(ctx, cache, "chrony", func(lists *apt.Lists, unpacked, dir string) error {
		if err := lists.Unpack(ctx, "chrony", unpacked); err != nil {
			return err
		}
		return move(unpacked, dir, "usr/sbin/chronyd")
	})
	return filepath.Join(dir, "usr/sbin/chronyd"), err
}

// Runc returns the program that Docker, containerd and Podman run containers with; it needs libseccomp, which hosts of the lab have.
func Runc(ctx context.Context, cache string) (string, error) {
	dir, err := ensure(ctx, cache, "runc", func(lists *apt.Lists, unpacked, dir string) error {
		if err := lists.Unpack(ctx, "runc", unpacked); err != nil {
			return err
		}
		return move(unpacked, dir, "usr/sbin/runc")
	})
	return filepath.Join(dir, "usr/sbin/runc"), err
}

// Bindfs returns a program that shows a folder through a FUSE file system, and the folder of the library that it needs.
func Bindfs(ctx context.Context, cache string) (program, library string, err error) {
	const folder = "lib/x86_64-linux-gnu"
	dir, err := ensure(ctx, cache, "bindfs", func(lists *apt.Lists, unpacked, dir string) error {
		for _, name := range []string{"bindfs", "libfuse2"} {
			if err := lists.Unpack(ctx, name, unpacked); err != nil {
				return err
			}
		}
		return errors.Join(move(unpacked, dir, "usr/bin/bindfs"), move(unpacked, dir, folder))
	})
	return filepath.Join(dir, "usr/bin/bindfs"), filepath.Join(dir, folder), err
}

// ensure makes a folder in the cache unless it is there. It appears under its
// name only when it is complete.
func ensure(ctx context.Context, cache, name string, fill func(lists *apt.Lists, unpacked, dir string) error) (string, error) {
	source, suite, err := apt.Own("/etc")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "extras", suite+"-"+name)
	release, err := lock.Acquire(ctx, dir+".lock")
	if err != nil {
		return "", fmt.Errorf("extras: %w", err)
	}
	defer release()
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(dir), "scratch-")
	if err != nil {
		return "", fmt.Errorf("extras: %w", err)
	}
	defer os.RemoveAll(scratch)
	lists, err := apt.Fetch(ctx, source, suite, "amd64", scratch)
	if err != nil {
		return "", err
	}
	half := filepath.Join(scratch, "made")
	if err := fill(lists, filepath.Join(scratch, "unpacked"), half); err != nil {
		return "", fmt.Errorf("extras: %s: %w", name, err)
	}
	return dir, os.Rename(half, dir)
}

// move takes one path of an unpacked package into dir.
func move(unpacked, dir, path string) error {
	to := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.Rename(filepath.Join(unpacked, path), to)
}
