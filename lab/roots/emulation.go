package roots

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/monctl/monctl/lab/run"
)

const (
	binfmtDir = "/proc/sys/fs/binfmt_misc"
	// binfmtName is the lab's own entry. It stays when labs go down, and ends with the machine's uptime.
	binfmtName = "monctl-lab-aarch64"
)

// Emulate makes the kernel run arm64 programs through qemu's user emulation.
// It needs qemu-user-static and binfmt-support; doing it twice is fine.
//
// Debian's own entry is not enough: without the flag C programs do not get the
// rights of their owner, and sudo refuses to work. The lab copies that entry
// and adds the flag; the kernel asks the newest entry first.
func Emulate(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(binfmtDir, "register")); err != nil {
		if _, err := run.Output(ctx, "mount", "-t", "binfmt_misc", "binfmt_misc", binfmtDir); err != nil {
			return fmt.Errorf("emulate arm64: %w", err)
		}
	}
	if _, err := os.Stat(filepath.Join(binfmtDir, binfmtName)); err == nil {
		return nil
	}
	if _, err := run.Output(ctx, "update-binfmts", "--enable", "qemu-aarch64"); err != nil {
		return fmt.Errorf("emulate arm64: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(binfmtDir, "qemu-aarch64"))
	if err != nil {
		return fmt.Errorf("emulate arm64: %w; reinstall qemu-user-static", err)
	}
	line, err := registration(string(text))
	if err != nil {
		return fmt.Errorf("emulate arm64: %w", err)
	}
	err = os.WriteFile(filepath.Join(binfmtDir, "register"), []byte(line), 0o200)
	if err != nil && !errors.Is(err, fs.ErrExist) { // another lab was faster
		return fmt.Errorf("emulate arm64: register: %w", err)
	}
	return nil
}

// registration turns an entry, as the kernel shows it, into the line that
// registers the lab's. Flag F opens the interpreter now, so it need not exist
// inside the roots; P is what Debian's interpreter expects.
func registration(entry string) (string, error) {
	fields := map[string]string{}
	for line := range strings.Lines(entry) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		fields[name] = value
	}
	if fields["interpreter"] == "" || fields["magic"] == "" || fields["offset"] != "0" {
		return "", fmt.Errorf("the kernel's entry is not understood: %q", entry)
	}
	return fmt.Sprintf(":%s:M::%s:%s:%s:PCF", binfmtName, escape(fields["magic"]), escape(fields["mask"]), fields["interpreter"]), nil
}

// escape writes hexadecimal digits the way the kernel reads bytes: 7f45 is \x7f\x45.
func escape(hex string) string {
	var b strings.Builder
	for i := 0; i+1 < len(hex); i += 2 {
		b.WriteString(`\x` + hex[i:i+2])
	}
	return b.String()
}
