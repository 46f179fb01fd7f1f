package hosts

import "path/filepath"

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
	}
}
