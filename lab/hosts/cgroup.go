package hosts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// cgroupParent is the folder of all labs in the hierarchies of control groups.
const cgroupParent = "monctl-lab"

// hierarchies are the mounts in which systemd tracks its services. Each host
// gets a control group of its own there: hosts that shared one would see, and
// stop, each other's services.
func hierarchies() ([]string, error) {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	return parseHierarchies(string(text)), nil
}

func parseHierarchies(mounts string) []string {
	var found []string
	for line := range strings.Lines(mounts) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		named := fields[2] == "cgroup" && strings.Contains(fields[3], "name=systemd")
		if named || fields[2] == "cgroup2" {
			found = append(found, fields[1])
		}
	}
	return found
}

// cgroups are the host's own folders, one in each hierarchy.
func (h *Host) cgroups() ([]string, error) {
	roots, err := hierarchies()
	if err != nil {
		return nil, err
	}
	for i, root := range roots {
		roots[i] = filepath.Join(root, cgroupParent, h.Machine)
	}
	return roots, nil
}

// endCgroups kills whatever is left in the host's control groups and removes them.
func (h *Host) endCgroups() error {
	dirs, err := h.cgroups()
	if err != nil {
		return err
	}
	var all error
	for _, dir := range dirs {
		all = errors.Join(all, endCgroup(dir))
		// Succeeds for the last host of the last lab only.
		_ = syscall.Rmdir(filepath.Dir(dir))
	}
	return all
}

func endCgroup(dir string) error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		err := killAndRemove(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("end control group %s: %w", dir, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// killAndRemove works from the leaves up; removal fails while a killed process is not gone yet.
func killAndRemove(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			err := killAndRemove(filepath.Join(dir, entry.Name()))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return err
	}
	for pid := range strings.FieldsSeq(string(text)) {
		killText(pid)
	}
	return syscall.Rmdir(dir)
}

// killText kills a process given as the kernel prints it; 0 stands for one outside our namespace.
func killText(pid string) {
	var id int
	if _, err := fmt.Sscan(pid, &id); err == nil && id > 1 {
		_ = syscall.Kill(id, syscall.SIGKILL)
	}
}
