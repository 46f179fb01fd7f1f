//go:build !linux

package datadir

import (
	"fmt"
	"runtime"

	"github.com/monctl/monctl/fleet/fault"
)

// statDisk refuses: who uses a directory is known from /proc, which only Linux has.
func statDisk(path string, _ *Disk) error {
	return fault.Refuse(fmt.Errorf("%s: data directories are looked at on Linux, and this is %s", path, runtime.GOOS),
		"Name the host: monctl data inspect HOST/prometheus")
}
