package hosts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/monctl/monctl/lab/proc"
	"github.com/monctl/monctl/lab/run"
)

// Host is one machine of a lab.
type Host struct {
	Name    string  `json:"name"`
	Arch    string  `json:"arch"`    // amd64 or arm64
	Address string  `json:"address"` // IPv4
	Kind    Kind    `json:"kind"`
	DiskMB  int     `json:"diskMB"`        // size of what it can write to
	Machine string  `json:"machine"`       // its network namespace, link and cgroup are named so
	Process proc.ID `json:"process"`       // what runs the host
	RTC     string  `json:"rtc,omitempty"` // of a VM: what its clock was started with, in UTC

	lab *Lab
}

// Kind says how a host is run.
type Kind string

const (
	// Systemd hosts run systemd in namespaces and share this machine's kernel and clock.
	Systemd Kind = "systemd"
	// Plain hosts are the same without systemd: an SSH server is all that runs.
	Plain Kind = "plain"
	// VM hosts are whole virtual machines, with a clock of their own.
	VM Kind = "vm"
)

// folders of the host below the lab's.
func (h *Host) dir() string     { return filepath.Join(h.lab.dir, "hosts", h.Name) }
func (h *Host) disk() string    { return filepath.Join(h.dir(), "disk") }
func (h *Host) console() string { return filepath.Join(h.dir(), "console.log") }

// publicKey is the file with the host's SSH key, for known_hosts.
func (h *Host) publicKey() string { return filepath.Join(h.dir(), "host_key.pub") }

// Root is the host's root folder as this machine sees it.
func (h *Host) Root() string { return filepath.Join(h.dir(), "root") }

// Alive tells whether the host runs; it may still be booting, or cut off.
func (h *Host) Alive() bool { return h.Process.Alive() }

// Exec runs a shell script as root on the host and returns what it printed.
// It does not travel over the network, so it also works on a host that is cut off;
// a VM alone is asked over SSH.
func (h *Host) Exec(ctx context.Context, script string) (string, error) {
	if h.Kind == VM {
		out, err := run.Output(ctx, "ssh", "-F", h.lab.SSHConfig(), "-o", "ConnectTimeout=30", "-l", "root", h.Name, script)
		if err != nil {
			return out, fmt.Errorf("lab %s: %s: exec: %w", h.lab.Name, h.Name, err)
		}
		return out, nil
	}
	leader, err := h.leader()
	if err != nil {
		return "", fmt.Errorf("lab %s: %s: exec: %w", h.lab.Name, h.Name, err)
	}
	out, err := run.Output(ctx, "nsenter", "--target", strconv.Itoa(leader),
		"--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd",
		"/usr/bin/env", "-i", "HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"/bin/sh", "-c", script)
	if err != nil {
		return out, fmt.Errorf("lab %s: %s: exec: %w", h.lab.Name, h.Name, err)
	}
	return out, nil
}

var errNotRunning = errors.New("the host does not run; bring the lab up again")

// leader is the process that is number 1 inside the host.
func (h *Host) leader() (int, error) {
	if !h.Alive() {
		return 0, errNotRunning
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", h.Process.PID, h.Process.PID))
	if err != nil {
		return 0, fmt.Errorf("find its first process: %w", err)
	}
	for field := range strings.FieldsSeq(string(children)) {
		pid, err := strconv.Atoi(field)
		if err == nil && isInit(pid) {
			return pid, nil
		}
	}
	return 0, errors.New("find its first process: it has not started yet")
}

// isInit tells whether a process is number 1 in a process namespace of its own.
func isInit(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			fields := strings.Fields(ids)
			return len(fields) > 1 && fields[len(fields)-1] == "1"
		}
	}
	return false
}
