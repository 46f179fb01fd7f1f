package hosts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/monctl/monctl/lab/proc"
)

// enter moves the shell that runs it into the control groups named before the
// word "--" and then becomes the program named after it.
const enter = `while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"`

// plainInit is number 1 of a host without systemd: a shell that starts an SSH server.
const plainInit = `hostname "$1" && mount -t proc proc "$2/proc" && mount --rbind /dev "$2/dev" && mount -t tmpfs tmpfs "$2/run" &&
mkdir "$2/run/sshd" && exec chroot "$2" /bin/sh -c '/usr/sbin/sshd -D -e; exit'`

// boot starts the host and records its process. The process outlives this one.
func (h *Host) boot() error {
	groups, err := h.makeCgroups()
	if err != nil {
		return fmt.Errorf("boot: %w", err)
	}
	log, err := os.Create(h.console())
	if err != nil {
		return fmt.Errorf("boot: console: %w", err)
	}
	defer log.Close()
	args := append([]string{"-c", enter, "enter"}, groups...)
	args = append(append(args, "--"), h.command()...)
	cmd := exec.Command("sh", args...) //nolint:noctx // it has to outlive the command that started it
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("boot: %w", err)
	}
	id, err := proc.Of(cmd.Process.Pid)
	go func() { _ = cmd.Wait() }() // so that an ended host is not left as a zombie of a long test
	if err != nil {
		return fmt.Errorf("boot: %w; see %s", err, h.console())
	}
	h.lab.mu.Lock()
	h.Process = id
	h.lab.mu.Unlock()
	return h.lab.save()
}

func (h *Host) makeCgroups() ([]string, error) {
	dirs, err := h.cgroups()
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make control group: %w", err)
		}
	}
	return dirs, nil
}

func (h *Host) command() []string {
	switch h.Kind {
	case VM:
		return h.qemu()
	case Plain:
		return []string{
			"ip", "netns", "exec", h.Machine, "unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc",
			"sh", "-c", plainInit, "init", h.Name, h.Root(),
		}
	default:
		return []string{
			"systemd-nspawn", "--quiet", "--boot", "--directory=" + h.Root(),
			"--machine=" + h.Machine, "--hostname=" + h.Name,
			"--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off", "--console=pipe",
			"--capability=CAP_NET_ADMIN", "--network-namespace-path=/run/netns/" + h.Machine,
		}
	}
}

// consoleTail is the end of what the host printed while booting, for errors.
func (h *Host) consoleTail() string {
	text, err := os.ReadFile(h.console())
	if err != nil {
		return "(no console: " + err.Error() + ")"
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) > 8 {
		lines = lines[len(lines)-8:]
	}
	return strings.Join(lines, "\n")
}

// halt ends the host's processes, at once.
func (h *Host) halt(context.Context) error {
	if err := h.Process.Kill(haltTimeout); err != nil {
		return err
	}
	if err := h.endCgroups(); err != nil {
		return err
	}
	// systemd-nspawn leaves this folder when it is killed.
	err := os.Remove("/run/systemd/nspawn/propagate/" + h.Machine)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("clean up after the host: %w", err)
	}
	return nil
}
