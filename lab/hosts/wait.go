package hosts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Times after which a host that does not do its part is given up.
const (
	bootTimeout = 6 * time.Minute // ten hosts at once on two cores that are busy with something else were seen to take more than two
	haltTimeout = 10 * time.Second
)

// Wait returns when the host answers SSH and, if it runs systemd, has booted.
func (h *Host) Wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	if err := h.poll(ctx, h.answers); err != nil {
		return fmt.Errorf("lab %s: %s: wait for SSH: %w; its console says:\n%s", h.lab.Name, h.Name, err, h.consoleTail())
	}
	if h.Kind == Plain {
		return nil
	}
	if err := h.poll(ctx, h.booted); err != nil {
		return fmt.Errorf("lab %s: %s: wait for systemd: %w", h.lab.Name, h.Name, err)
	}
	return nil
}

// poll tries until it succeeds. It stops early when the host has ended.
func (h *Host) poll(ctx context.Context, try func(context.Context) error) error {
	for {
		err := try(ctx)
		switch {
		case err == nil:
			return nil
		case !h.Alive():
			return errors.Join(errNotRunning, err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// answers wants the SSH server's greeting, not only an open port.
func (h *Host) answers(ctx context.Context) error {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(h.Address, "22"))
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	greeting := make([]byte, 4)
	if _, err := conn.Read(greeting); err != nil {
		return err
	}
	if string(greeting) != "SSH-" {
		return fmt.Errorf("it says %q", greeting)
	}
	return nil
}

// booted accepts a degraded system: some units fail under arm64 emulation. It
// asks and does not --wait, so that a host which dies meanwhile is noticed.
func (h *Host) booted(ctx context.Context) error {
	out, err := h.Exec(ctx, "systemctl is-system-running || true")
	if err != nil {
		return err
	}
	if state := strings.TrimSpace(out); state != "running" && state != "degraded" {
		return fmt.Errorf("the system is %s", state)
	}
	return nil
}
