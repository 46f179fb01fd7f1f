package hosts

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"
)

const networkUnit = `[Unit]
Description=Card of the lab's network
Before=network.target ssh.service
Wants=network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/lab-network
[Install]
WantedBy=multi-user.target
`

// networkScript takes the address and the gateway.
const networkScript = `#!/bin/sh -eu
mountpoint -q / && mount -o remount,rw /
modprobe virtio_net
ip link set lo up
ip link set eth0 up
ip addr add %s/24 dev eth0
ip route add default via %s
`

// qemu is the command of a virtual machine. It emulates the processor: that is
// slower than the processor's own virtualisation and works on every machine.
func (h *Host) qemu() []string {
	rtc := "base=utc"
	if h.RTC != "" {
		rtc = "base=" + h.RTC
	}
	return []string{
		"qemu-system-x86_64", "-name", h.Machine, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024",
		"-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
		"-kernel", filepath.Join(h.dir(), "vmlinuz"), "-initrd", filepath.Join(h.dir(), "initrd.gz"),
		"-append", "console=ttyS0 panic=-1 quiet rw",
		"-drive", "file=" + h.image() + ",if=virtio,format=raw,cache=unsafe",
		"-netdev", "tap,id=n,ifname=" + h.Machine + ",script=no,downscript=no",
		"-device", "virtio-net-pci,netdev=n,mac=" + cardAddress(h.Address),
		"-rtc", rtc,
		"-monitor", "unix:" + h.monitor() + ",server,nowait",
	}
}

// monitor is the socket at which qemu takes commands (QEMU's System Emulation guide, “QEMU Monitor”).
func (h *Host) monitor() string { return filepath.Join(h.dir(), "monitor") }

// Pause stops the virtual machine for a while and lets it go on, as a snapshot or a migration does, or the sleep of the machine it runs on.
// All its clocks stand still meanwhile but the hardware clock, and it is not told.
func (h *Host) Pause(ctx context.Context, d time.Duration) error {
	if err := h.tell(ctx, "stop"); err != nil {
		return err
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return h.tell(context.WithoutCancel(ctx), "cont")
}

// tell gives qemu a command and waits until it has done it.
func (h *Host) tell(ctx context.Context, command string) error {
	failed := func(err error) error {
		return fmt.Errorf("lab %s: %s: tell qemu to %s: %w", h.lab.Name, h.Name, command, err)
	}
	const patience = 10 * time.Second
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "unix", h.monitor())
	if err != nil {
		return failed(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return failed(err)
	}
	// It greets with its prompt, and prompts again when the command is done.
	for _, say := range []string{"", command + "\n"} {
		if _, err := conn.Write([]byte(say)); err != nil {
			return failed(err)
		}
		if err := prompted(conn); err != nil {
			return failed(err)
		}
	}
	return nil
}

// prompted reads up to the monitor's prompt.
func prompted(conn net.Conn) error {
	var heard strings.Builder
	piece := make([]byte, 512)
	for !strings.HasSuffix(heard.String(), "(qemu) ") {
		n, err := conn.Read(piece)
		if err != nil {
			return err
		}
		heard.Write(piece[:n])
	}
	return nil
}
