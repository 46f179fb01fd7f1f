package hosts

import (
	"context"
	"fmt"
	"syscall"

	"github.com/monctl/monctl/lab/run"
)

// Cut takes the host off the network, as pulling its cable would: packets are
// lost in both directions and nobody is told.
func (h *Host) Cut(ctx context.Context) error {
	return h.link(ctx, "down")
}

// Mend undoes [Host.Cut].
func (h *Host) Mend(ctx context.Context) error {
	return h.link(ctx, "up")
}

func (h *Host) link(ctx context.Context, state string) error {
	if _, err := run.Output(ctx, "ip", "link", "set", h.Machine, state); err != nil {
		return fmt.Errorf("lab %s: %s: set link %s: %w", h.lab.Name, h.Name, state, err)
	}
	return nil
}

// FillDisk shrinks the host's disk until only free bytes are left on it, rounded up to
// a page. Nothing is written, so it takes no time and no memory.
func (h *Host) FillDisk(ctx context.Context, free int64) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(h.disk(), &fs); err != nil {
		return fmt.Errorf("lab %s: %s: fill disk: %w", h.lab.Name, h.Name, err)
	}
	used := (fs.Blocks - fs.Bfree) * uint64(fs.Bsize) // a number of another size on other systems
	return h.resize(ctx, fmt.Sprintf("%d", int64(used)+free))
}

// FreeDisk gives the host its whole disk back.
func (h *Host) FreeDisk(ctx context.Context) error {
	return h.resize(ctx, fmt.Sprintf("%dm", h.DiskMB))
}

func (h *Host) resize(ctx context.Context, size string) error {
	if h.Kind == VM {
		return fmt.Errorf("lab %s: %s: resize disk: not for a VM; fill it with Exec", h.lab.Name, h.Name)
	}
	if _, err := run.Output(ctx, "mount", "-o", "remount,size="+size, h.disk()); err != nil {
		return fmt.Errorf("lab %s: %s: resize disk: %w", h.lab.Name, h.Name, err)
	}
	return nil
}

// NoExecTmp mounts a /tmp on the host from which no program can be started.
func (h *Host) NoExecTmp(ctx context.Context) error {
	_, err := h.Exec(ctx, "mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 tmpfs /tmp")
	return err
}

// ReadOnlyEtc makes the host's /etc refuse writes until [Host.WritableEtc].
func (h *Host) ReadOnlyEtc(ctx context.Context) error {
	_, err := h.Exec(ctx, "mount --bind /etc /etc && mount -o remount,bind,ro /etc")
	return err
}

// WritableEtc undoes [Host.ReadOnlyEtc], also while a session that is about to end has a file open there.
func (h *Host) WritableEtc(ctx context.Context) error {
	_, err := h.Exec(ctx, "umount --lazy /etc")
	return err
}
