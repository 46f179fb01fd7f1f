package hosts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/monctl/monctl/lab/apt"
	"github.com/monctl/monctl/lab/kernel"
	"github.com/monctl/monctl/lab/roots"
	"github.com/monctl/monctl/lab/run"
)

// vmName and vmByte are those of the lab's one virtual machine.
const (
	vmName = "v1"
	vmByte = 254
)

// UpVM adds a virtual machine to the lab, named v1, and returns when it has
// booted, after about 20 seconds. Its clock starts at rtc, or right when rtc is zero.
// Unlike other hosts it can also set its clock. One that runs is left alone.
func UpVM(ctx context.Context, o Options, rtc time.Time) (*Host, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	release, err := hold(ctx, o.Cache, o.Name)
	if err != nil {
		return nil, fmt.Errorf("lab %s: up: %w", o.Name, err)
	}
	defer release()
	if err := prepare(ctx, o); err != nil {
		return nil, fmt.Errorf("lab %s: up: %w", o.Name, err)
	}
	if err := apt.Install(ctx, "qemu-system-x86", "e2fsprogs"); err != nil {
		return nil, fmt.Errorf("lab %s: up: %w", o.Name, err)
	}
	l, err := openOrMake(ctx, o)
	if err != nil {
		return nil, err
	}
	h, dead := l.enter(&Host{
		Name: vmName, Arch: "amd64", Kind: VM, DiskMB: o.DiskMB,
		Address: fmt.Sprintf("10.231.%d.%d", l.Subnet, vmByte),
	})
	if !dead {
		return h, h.Wait(ctx)
	}
	if err := h.startVM(ctx, o, rtc); err != nil {
		return nil, err
	}
	return h, h.Wait(ctx)
}

// Restart ends the virtual machine as its power button does and boots it again from its disk, with its clock at rtc, or
// right when rtc is zero. It returns when it has booted.
func (h *Host) Restart(ctx context.Context, rtc time.Time) error {
	if h.Kind != VM {
		return fmt.Errorf("lab %s: %s: restart: only a VM keeps its disk", h.lab.Name, h.Name)
	}
	_, _ = h.Exec(ctx, "systemctl poweroff") // the connection ends with it
	for end := time.Now().Add(bootTimeout); h.Alive(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("lab %s: %s: restart: it does not end; its console says:\n%s", h.lab.Name, h.Name, h.consoleTail())
		}
	}
	h.setRTC(rtc)
	if err := h.boot(); err != nil {
		return fmt.Errorf("lab %s: %s: restart: %w", h.lab.Name, h.Name, err)
	}
	return h.Wait(ctx)
}

func (h *Host) setRTC(rtc time.Time) {
	h.RTC = ""
	if !rtc.IsZero() {
		h.RTC = rtc.UTC().Format("2006-01-02T15:04:05")
	}
}

// DownVM ends the lab's virtual machine; that there is none is no error.
func DownVM(ctx context.Context, cache, name string) error {
	cache, err := Cache(cache)
	if err != nil {
		return err
	}
	release, err := hold(ctx, cache, name)
	if err != nil {
		return fmt.Errorf("lab %s: down: %w", name, err)
	}
	defer release()
	l, err := Open(cache, name)
	if err != nil {
		return err
	}
	for i, h := range l.Hosts {
		if h.Kind != VM {
			continue
		}
		if err := h.remove(ctx); err != nil {
			return fmt.Errorf("lab %s: %s: down: %w", l.Name, h.Name, err)
		}
		l.Hosts = append(l.Hosts[:i], l.Hosts[i+1:]...)
		return l.save()
	}
	return nil
}

func (h *Host) startVM(ctx context.Context, o Options, rtc time.Time) error {
	h.setRTC(rtc)
	if err := h.lab.save(); err != nil {
		return err
	}
	o.Log(fmt.Sprintf("%s %s vm: making its disk", h.Name, h.Address))
	steps := []func() error{
		func() error { return h.remove(ctx) },
		func() error { return h.makeDisk(ctx, o.Cache) },
		func() error { return h.plug(ctx) },
		h.boot,
		h.lab.writeSSHFiles,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("lab %s: %s: %w", h.lab.Name, h.Name, err)
		}
	}
	return nil
}

// makeDisk makes a file system image of a root with the host's own files in it.
func (h *Host) makeDisk(ctx context.Context, cache string) error {
	k, err := kernel.Ensure(ctx, cache)
	if err != nil {
		return err
	}
	lower, err := roots.Ensure(ctx, cache, h.Arch)
	if err != nil {
		return err
	}
	s, err := h.lab.seed(ctx, cache)
	if err != nil {
		return err
	}
	if err := h.mount(ctx, lower); err != nil {
		return err
	}
	if err := h.write(ctx, s); err != nil {
		return err
	}
	if err := h.addKernel(ctx, k); err != nil {
		return err
	}
	size := fmt.Sprintf("%dM", h.DiskMB)
	if _, err := run.Output(ctx, "mke2fs", "-q", "-t", "ext4", "-d", h.Root(), h.image(), size); err != nil {
		return fmt.Errorf("make disk: %w", err)
	}
	return h.unmount(ctx)
}

// addKernel gives the root the kernel's modules, and a unit that brings the
// card up: the root has no udev, without which no network service would.
func (h *Host) addKernel(ctx context.Context, k kernel.Kernel) error {
	modules := filepath.Join(h.Root(), "usr/lib/modules")
	if _, err := run.Output(ctx, "cp", "-r", k.Modules, modules); err != nil {
		return fmt.Errorf("copy modules: %w", err)
	}
	for _, link := range []struct{ name, to string }{{"vmlinuz", k.Image}, {"initrd.gz", k.Initrd}} {
		if err := os.Symlink(link.to, filepath.Join(h.dir(), link.name)); err != nil {
			return fmt.Errorf("link kernel: %w", err)
		}
	}
	script := fmt.Sprintf(networkScript, h.Address, h.lab.Gateway())
	files := map[string]string{"usr/local/sbin/lab-network": script, "etc/systemd/system/lab-network.service": networkUnit}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(h.Root(), name), []byte(text), 0o755); err != nil {
			return fmt.Errorf("write network: %w", err)
		}
	}
	wants := filepath.Join(h.Root(), "etc/systemd/system/multi-user.target.wants/lab-network.service")
	return os.Symlink("../lab-network.service", wants)
}

// plug makes the VM's card a port of the lab's bridge.
func (h *Host) plug(ctx context.Context) error {
	batch := fmt.Sprintf("tuntap add %[1]s mode tap\nlink set %[1]s master %[2]s up\n", h.Machine, h.lab.Bridge)
	if _, err := run.Input(ctx, batch, "ip", "-batch", "-"); err != nil {
		return fmt.Errorf("plug in: %w", err)
	}
	return nil
}

func (h *Host) image() string { return filepath.Join(h.dir(), "disk.img") }
