package hosts

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/monctl/monctl/lab/run"
	"golang.org/x/crypto/ssh"
)

// newKey makes an ed25519 key: the private half as OpenSSH writes it, and the
// public half as a line of an authorized_keys file.
func newKey(comment string) (private, public []byte, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(priv, comment)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPub))) + " " + comment + "\n"
	return pem.EncodeToMemory(block), []byte(line), nil
}

// ensureKey makes the lab's user key unless it is there. It never leaves the lab's folder.
func (l *Lab) ensureKey() error {
	if _, err := os.Stat(l.Key()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	private, public, err := newKey("monctl-lab-" + l.Name)
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.Key()+".pub", public, 0o644); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	if err := os.WriteFile(l.Key(), private, 0o600); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}

// crypt hashes a password the way /etc/shadow wants it. Perl is on every Debian
// machine and asks the C library; the password does not appear on a command line.
func crypt(ctx context.Context, password string) (string, error) {
	const program = `my ($p, $s) = split /\n/, join "", <STDIN>; print crypt($p, "\$6\$$s\$")`
	hash, err := run.Input(ctx, password+"\n"+rand.Text()[:16]+"\n", "perl", "-e", program)
	if err != nil || !strings.HasPrefix(hash, "$6$") {
		return "", fmt.Errorf("hash password: %w", errors.Join(err, errors.New("perl's crypt gave no SHA-512 hash")))
	}
	return hash, nil
}
