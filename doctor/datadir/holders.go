package datadir

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// holders asks the kernel who uses a directory: who has one of its files open or mapped, and who holds its lock. Debian's Prometheus 2.42
// takes no lock, and a file that was left of one is no holder, so each is asked for itself.
func holders(d Dir, files map[fileID]string) ([]Holder, error) {
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var list []Holder
	for _, proc := range procs {
		pid, err := strconv.Atoi(filepath.Base(proc))
		if err != nil || pid == os.Getpid() {
			continue
		}
		if h := holderOf(proc, pid, d, files); h.Files > 0 {
			list = append(list, h)
		}
	}
	locked, err := isLocked(filepath.Join(d.path, "lock"))
	if err != nil {
		return nil, err
	}
	if locked {
		if len(list) == 0 {
			list = append(list, Holder{Example: "lock"})
		}
		for n := range list {
			list[n].Lock = true
		}
	}
	return list, nil
}

// holderOf counts the files of a process that are of the directory: by number, which also finds them through another mount, as
// of a container, and by name.
func holderOf(proc string, pid int, d Dir, files map[fileID]string) Holder {
	h := Holder{PID: pid}
	found := func(name string) {
		if h.Files++; h.Example == "" {
			h.Example = name
		}
	}
	fds, _ := os.ReadDir(proc + "/fd") // another user's processes cannot be read without root
	for _, fd := range fds {
		link := proc + "/fd/" + fd.Name()
		info, err := os.Stat(link)
		if err != nil {
			continue
		}
		if name, ok := files[idOf(info)]; ok {
			found(name)
		} else if target, err := os.Readlink(link); err == nil && target != d.path && within(target, d.path) && !within(target, d.Store()) {
			found(rel(d.path, target))
		}
	}
	if maps, err := os.Open(proc + "/maps"); err == nil {
		for lines := bufio.NewScanner(maps); lines.Scan(); {
			if _, path, ok := strings.Cut(lines.Text(), " /"); ok && within("/"+path, d.path) && !within("/"+path, d.Store()) {
				found(rel(d.path, "/"+path))
			}
		}
		maps.Close()
	}
	if h.Files > 0 {
		h.Command = commandOf(proc)
	}
	return h
}

func commandOf(proc string) string {
	line, _ := os.ReadFile(proc + "/cmdline")
	words := strings.Split(strings.TrimRight(string(line), "\x00"), "\x00")
	if words[0] == "" {
		comm, _ := os.ReadFile(proc + "/comm")
		return strings.TrimSpace(string(comm))
	}
	return words[0]
}

// isLocked tries the lock that Prometheus takes (flock, tsdb/fileutil/flock_unix.go) through a descriptor that cannot write,
// and gives it back at once.
func isLocked(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, nil //nolint:nilerr // no lock file, or not ours to read: the open files tell
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: lock: %w", path, err)
	}
	return false, unix.Flock(int(f.Fd()), unix.LOCK_UN)
}
