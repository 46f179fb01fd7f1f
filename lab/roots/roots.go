// Package roots builds the root filesystems that lab hosts are booted from.
//
// A root is built once with debootstrap and kept in the lab's cache, outside
// the checkout; hosts lay a writable layer over it and never change it. It
// holds no Python and no curl, because hosts must not need them.
package roots

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/monctl/monctl/lab/apt"
	"github.com/monctl/monctl/lab/lock"
	"github.com/monctl/monctl/lab/run"
)

// included are the packages on top of debootstrap's minbase.
const included = "systemd,systemd-sysv,dbus,openssh-server,iproute2,ca-certificates,sudo,procps,libpam-systemd,kmod"

// Ensure returns the folder of the root for an architecture (amd64, arm64) and
// builds it first when the cache lacks it: about a minute, arm64 about three.
func Ensure(ctx context.Context, cache, arch string) (string, error) {
	source, suite, err := apt.Own("/etc")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(included + setUp))
	dir := filepath.Join(cache, "roots", suite+"-"+arch+"-"+hex.EncodeToString(sum[:4]))
	release, err := lock.Acquire(ctx, dir+".lock")
	if err != nil {
		return "", fmt.Errorf("root %s: %w", arch, err)
	}
	defer release()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("root %s: %w", arch, err)
	}
	if err := build(ctx, dir, arch, suite, source); err != nil {
		return "", fmt.Errorf("root %s: %w", arch, err)
	}
	return dir, nil
}

// build makes the root beside its place and moves it there when it is complete,
// so that an interrupted build is never taken for a root.
func build(ctx context.Context, dir, arch, suite string, source apt.Source) error {
	half := dir + ".half"
	if err := os.RemoveAll(half); err != nil {
		return fmt.Errorf("remove half a root: %w", err)
	}
	args := []string{"--arch=" + arch, "--variant=minbase", "--include=" + included}
	if source.SignedBy != "" {
		args = append(args, "--keyring="+source.SignedBy)
	}
	if _, err := run.Output(ctx, "debootstrap", append(args, suite, half, source.URI)...); err != nil {
		return fmt.Errorf("%w (its log is %s/debootstrap/debootstrap.log)", err, half)
	}
	if _, err := run.Input(ctx, setUp, "chroot", half, "/bin/sh", "-eu"); err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	return os.Rename(half, dir)
}
