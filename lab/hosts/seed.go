package hosts

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/monctl/monctl/lab/run"
)

// seed is what a host is given before it boots, beyond its root.
type seed struct {
	authorized []byte // public key that root and all users accept
	patHash    string // of the password of the user pat
	hosts      string // /etc/hosts of all hosts
	extras     string // folder to lay over the root
}

// users are those of the root, with their numbers; see the set-up of roots.
var users = map[string]int{"ubuntu": 1000, "pat": 1001, "nosudo": 1002}

// write puts the host's own name, keys and password into its root.
func (h *Host) write(ctx context.Context, s seed) error {
	if _, err := run.Output(ctx, "cp", "-r", s.extras+"/.", h.Root()); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	private, public, err := newKey("root@" + h.Name)
	if err != nil {
		return err
	}
	machineID := make([]byte, 16)
	_, _ = rand.Read(machineID) // never fails
	files := []struct {
		path string
		mode os.FileMode
		text []byte
	}{
		{"etc/hostname", 0o644, []byte(h.Name + "\n")},
		{"etc/hosts", 0o644, []byte(s.hosts)},
		{"etc/machine-id", 0o444, []byte(hex.EncodeToString(machineID) + "\n")},
		{"etc/ssh/ssh_host_ed25519_key", 0o600, private},
		{"etc/ssh/ssh_host_ed25519_key.pub", 0o644, public},
	}
	if err := os.WriteFile(h.publicKey(), public, 0o644); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(h.Root(), f.path), f.text, f.mode); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	if err := h.setPassword("pat", s.patHash); err != nil {
		return err
	}
	return h.authorize(s.authorized)
}

func (h *Host) authorize(key []byte) error {
	homes := map[string]int{"root": 0}
	for name, uid := range users {
		homes[filepath.Join("home", name)] = uid
	}
	for home, uid := range homes {
		dir := filepath.Join(h.Root(), home, ".ssh")
		file := filepath.Join(dir, "authorized_keys")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		if err := os.WriteFile(file, key, 0o600); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
		for _, path := range []string{dir, file} {
			if err := os.Chown(path, uid, uid); err != nil {
				return fmt.Errorf("seed: %w", err)
			}
		}
	}
	return nil
}

func (h *Host) setPassword(user, hash string) error {
	path := filepath.Join(h.Root(), "etc/shadow")
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if err := os.WriteFile(path, []byte(withPassword(string(text), user, hash)), 0o640); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

// withPassword replaces the second field of the user's line.
func withPassword(shadow, user, hash string) string {
	lines := strings.Split(shadow, "\n")
	for i, line := range lines {
		fields := strings.Split(line, ":")
		if fields[0] == user && len(fields) > 1 {
			fields[1] = hash
			lines[i] = strings.Join(fields, ":")
		}
	}
	return strings.Join(lines, "\n")
}

// hostsFile lets hosts find each other, and this machine, by name.
func (l *Lab) hostsFile() string {
	var b strings.Builder
	fmt.Fprintf(&b, "127.0.0.1 localhost\n::1 localhost\n%s lab\n", l.Gateway())
	for _, h := range l.Hosts {
		fmt.Fprintf(&b, "%s %s\n", h.Address, h.Name)
	}
	return b.String()
}
