package kernel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/monctl/monctl/lab/run"
)

// needed are the modules that lead to the disk; theirs are added.
var needed = []string{"virtio_pci", "virtio_blk", "ext4"}

// initScript is number 1 of the first root: it loads the modules in the order
// of their names, waits for the disk and hands over to the real root.
const initScript = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /dev /sys /root
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
for module in /modules/*.ko; do /bin/busybox insmod "$module"; done
tries=0
until [ -b /dev/vda ] || [ $tries -ge 200 ]; do /bin/busybox usleep 50000; tries=$((tries + 1)); done
/bin/busybox mount -t ext4 /dev/vda /root || exec /bin/busybox poweroff -f
/bin/busybox mount --move /dev /root/dev
/bin/busybox umount /proc /sys
exec /bin/busybox switch_root /root /sbin/init
`

// makeInitrd packs busybox, the script and the modules.
func makeInitrd(ctx context.Context, base, version, out string) error {
	dir, err := os.MkdirTemp(filepath.Dir(out), "initrd-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, sub := range []string{"bin", "modules"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "init"), []byte(initScript), 0o755); err != nil {
		return err
	}
	if _, err := run.Output(ctx, "cp", "/bin/busybox", filepath.Join(dir, "bin/busybox")); err != nil {
		return err
	}
	modules, err := ordered(ctx, base, version)
	if err != nil {
		return err
	}
	for i, path := range modules {
		to := filepath.Join(dir, "modules", fmt.Sprintf("%02d-%s", i, filepath.Base(path)))
		if _, err := run.Output(ctx, "cp", path, to); err != nil {
			return err
		}
	}
	_, err = run.Output(ctx, "sh", "-c", `cd "$1" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1 > "$2"`, "pack", dir, out)
	return err
}

// ordered lists the files of the modules, each after those it depends on.
func ordered(ctx context.Context, base, version string) ([]string, error) {
	var paths []string
	seen := map[string]bool{}
	for _, name := range needed {
		text, err := run.Output(ctx, "modprobe", "--dirname", base, "--set-version", version, "--show-depends", name)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			path, ok := strings.CutPrefix(strings.TrimSpace(line), "insmod ") // else it is built in
			if ok && !seen[path] {
				seen[path] = true
				paths = append(paths, strings.TrimSpace(path))
			}
		}
	}
	return paths, nil
}
