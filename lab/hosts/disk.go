package hosts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/monctl/monctl/lab/run"
)

// mount lays a writable layer of limited size over the shared root.
func (h *Host) mount(ctx context.Context, lower string) error {
	for _, dir := range []string{h.disk(), h.Root()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("mount: %w", err)
		}
	}
	size := fmt.Sprintf("size=%dm,mode=755", h.DiskMB)
	if _, err := run.Output(ctx, "mount", "-t", "tmpfs", "-o", size, h.Machine, h.disk()); err != nil {
		return fmt.Errorf("mount disk: %w", err)
	}
	upper, work := filepath.Join(h.disk(), "upper"), filepath.Join(h.disk(), "work")
	for _, dir := range []string{upper, work} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("mount: %w", err)
		}
	}
	layers := "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work
	if _, err := run.Output(ctx, "mount", "-t", "overlay", "-o", layers, h.Machine, h.Root()); err != nil {
		return fmt.Errorf("mount root: %w", err)
	}
	return nil
}

// unmount undoes mount, and whatever was mounted inside the root.
func (h *Host) unmount(ctx context.Context) error {
	var all error
	for _, path := range []string{h.Root(), h.disk()} {
		inside, err := mountsUnder(path)
		if err != nil {
			return err
		}
		for _, point := range inside {
			_, err := run.Output(ctx, "umount", point)
			all = errors.Join(all, err)
		}
	}
	return all
}

// mountsUnder lists the mounts at and below a path, the deepest first.
func mountsUnder(path string) ([]string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	var points []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) > 4 && (fields[4] == path || strings.HasPrefix(fields[4], path+"/")) {
			points = append([]string{fields[4]}, points...)
		}
	}
	return points, nil
}
