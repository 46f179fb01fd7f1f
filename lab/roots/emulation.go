package roots

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/monctl/monctl/lab/run"
)

const binfmtDir = "/proc/sys/fs/binfmt_misc"

// Emulate makes the kernel run arm64 programs through qemu's user emulation.
// It needs qemu-user-static and binfmt-support; doing it twice is fine.
func Emulate(ctx context.Context) error {
	if _, err := os.Stat(binfmtDir + "/register"); err != nil {
		if _, err := run.Output(ctx, "mount", "-t", "binfmt_misc", "binfmt_misc", binfmtDir); err != nil {
			return fmt.Errorf("emulate arm64: %w", err)
		}
	}
	if emulated() {
		return nil
	}
	if _, err := run.Output(ctx, "update-binfmts", "--enable", "qemu-aarch64"); err != nil {
		return fmt.Errorf("emulate arm64: %w", err)
	}
	if !emulated() {
		return fmt.Errorf("emulate arm64: %s/qemu-aarch64 is not enabled with flag F; reinstall qemu-user-static", binfmtDir)
	}
	return nil
}

// emulated wants flag F: the interpreter is opened once, so it needs not exist inside the roots.
func emulated() bool {
	text, err := os.ReadFile(binfmtDir + "/qemu-aarch64")
	if err != nil {
		return false
	}
	_, flags, _ := strings.Cut(string(text), "flags: ")
	flags, _, _ = strings.Cut(flags, "\n")
	return strings.HasPrefix(string(text), "enabled") && strings.Contains(flags, "F")
}
