package runtime

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// holderOfFile finds another process with an open file that matches, by /proc/PID/fd. It is "" where there is none, none
// that this user may see, or no /proc.
func holderOfFile(match func(target string) bool) string {
	folders, err := filepath.Glob("/proc/[0-9]*/fd")
	if err != nil {
		return ""
	}
	for _, folder := range folders {
		pid, err := strconv.Atoi(strings.Split(folder, "/")[2])
		if err != nil || pid == os.Getpid() {
			continue
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if target, err := os.Readlink(filepath.Join(folder, e.Name())); err == nil && match(target) {
				return processName(pid)
			}
		}
	}
	return ""
}

func processName(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return fmt.Sprintf("process %d", pid)
	}
	return fmt.Sprintf("process %d (%s)", pid, strings.TrimSpace(string(name)))
}

// userName is the name of a user by number, or the number where there is no name.
func userName(id string) string {
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// currentUser is who this process is, for a message.
func currentUser() string { return "user " + userName(strconv.Itoa(os.Geteuid())) }

// holderOfPort finds the process that listens on a TCP port, through the inode of its socket. Of a process of another user the kernel shows an ordinary
// one no more than the user.
func holderOfPort(port string) string {
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return ""
	}
	suffix := fmt.Sprintf(":%04X", n)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			f := strings.Fields(line) // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
			const listen = "0A"
			if len(f) > 9 && strings.HasSuffix(f[1], suffix) && f[3] == listen {
				socket := "socket:[" + f[9] + "]"
				if process := holderOfFile(func(target string) bool { return target == socket }); process != "" {
					return process
				}
				return "a process of user " + userName(f[7])
			}
		}
	}
	return ""
}
