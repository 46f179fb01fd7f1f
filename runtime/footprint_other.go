//go:build !linux

package runtime

import "runtime/debug"

// trim gives back garbage of the start.
func trim() error {
	debug.FreeOSMemory()
	return nil
}
