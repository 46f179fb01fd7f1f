package runtime

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// trim gives back what only the start needed: garbage of the heap, and pages of the executable. The libraries of clouds that
// Prometheus' packages link run their initialisation, 20 MB of code and tables, and are not used again. The pages are
// clean and mapped read-only, so the kernel may drop them (madvise(2), MADV_DONTNEED); what is used comes back from the
// page cache.
func trim() error {
	debug.FreeOSMemory()
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() { // START-END PERMISSIONS OFFSET DEVICE INODE PATH
		f := strings.Fields(lines.Text())
		if len(f) != 6 || f[5] != exe || f[1] != "r-xp" && f[1] != "r--p" {
			continue
		}
		var start, end uintptr
		if _, err := fmt.Sscanf(f[0], "%x-%x", &start, &end); err != nil {
			return err
		}
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, start, end-start, unix.MADV_DONTNEED); errno != 0 {
			return errno
		}
	}
	return lines.Err()
}
