// Package proc names processes so that they can be found and ended much later.
//
// A process id alone is reused by the kernel. An [ID] also holds the start
// time, so a lab's state file never makes its reader kill a stranger.
package proc

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ID is one process of this machine since its last boot.
type ID struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks after boot, field 22 of /proc/PID/stat
}

// Of identifies the process that has the id pid now.
func Of(pid int) (ID, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ID{}, fmt.Errorf("process %d: read: %w", pid, err)
	}
	start, err := parseStart(string(text))
	if err != nil {
		return ID{}, fmt.Errorf("process %d: %w", pid, err)
	}
	return ID{PID: pid, Start: start}, nil
}

// parseStart takes field 22; the second field may itself hold spaces and brackets.
func parseStart(stat string) (uint64, error) {
	_, rest, found := cutLast(stat, ")")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 {
		return 0, errors.New("parse stat: too few fields")
	}
	if fields[0] == "Z" {
		return 0, errors.New("parse stat: it has ended and waits for its parent")
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("parse stat: start time: %w", err)
	}
	return start, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Alive tells whether this very process still runs.
func (id ID) Alive() bool {
	if id.PID <= 1 {
		return false
	}
	now, err := Of(id.PID)
	return err == nil && now.Start == id.Start
}

// Kill ends the process at once and waits until it is gone. A process that
// is gone already is no error.
func (id ID) Kill(timeout time.Duration) error {
	for deadline := time.Now().Add(timeout); id.Alive(); time.Sleep(10 * time.Millisecond) {
		if err := syscall.Kill(id.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("process %d: kill: %w", id.PID, err)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d: kill: still there after %s", id.PID, timeout)
		}
	}
	return nil
}
