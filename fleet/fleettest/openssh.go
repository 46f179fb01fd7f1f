package fleettest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
)

// OpenSSH is a real sshd on loopback, which root logs in to with a key.
type OpenSSH struct {
	dir, sshd string
	port      int
}

// StartOpenSSH runs sshd until the test ends, with three host keys (ed25519, ecdsa, rsa) and more lines for
// sshd_config. It skips the test where sshd is missing or the test is not root's.
func StartOpenSSH(t testing.TB, config string) *OpenSSH {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to run sshd and log in as root")
	}
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		t.Skip("sshd is not installed (apt-get install openssh-server)")
	}
	must(t, os.MkdirAll("/run/sshd", 0o755)) // where sshd separates its privileges
	s := &OpenSSH{dir: t.TempDir(), sshd: sshd, port: freePort(t)}
	writeKey(t, s.Key())
	must(t, os.WriteFile(s.file("sshd_config"), []byte(s.config(t, config)), 0o600))
	s.listen(t, "127.0.0.1")
	return s
}

// HostAt runs one more sshd, with the same keys, on another address of loopback, and says how to reach it.
func (s *OpenSSH) HostAt(t testing.TB, address string) fleet.Host {
	t.Helper()
	s.listen(t, address)
	h := s.Host()
	h.Name, h.Address = address, address
	return h
}

// listen runs an sshd until the test ends.
func (s *OpenSSH) listen(t testing.TB, address string) {
	t.Helper()
	listens := net.JoinHostPort(address, strconv.Itoa(s.port))
	log, err := os.Create(s.file("log-" + address))
	must(t, err)
	cmd := exec.Command(s.sshd, "-D", "-e", "-f", s.file("sshd_config"), "-o", "ListenAddress="+listens)
	cmd.Stderr = log
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("sshd says:\n%s", text)
		}
		_ = log.Close()
	})
	s.know(t, address, s.port)
	await(t, listens, log.Name())
}

// know puts the key of an address and port into the known_hosts file.
func (s *OpenSSH) know(t testing.TB, address string, port int) {
	t.Helper()
	public, err := os.ReadFile(s.file("ssh_host_ed25519_key.pub"))
	must(t, err)
	known, err := os.OpenFile(s.KnownHosts(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = fmt.Fprintf(known, "[%s]:%d %s", address, port, public)
	must(t, errors.Join(err, known.Close()))
}

func (s *OpenSSH) file(name string) string { return filepath.Join(s.dir, name) }

// Key is the private key file that root logs in with.
func (s *OpenSSH) Key() string { return s.file("id_ed25519") }

// KnownHosts is a known_hosts file with the ed25519 key of the host.
func (s *OpenSSH) KnownHosts() string { return s.file("known_hosts") }

// Host is how to reach it.
func (s *OpenSSH) Host() fleet.Host {
	return fleet.Host{Name: "openssh", Address: "127.0.0.1", Port: s.port, User: "root", Keys: []string{s.Key()}, Sudo: fleet.SudoAuto}
}

func (s *OpenSSH) config(t testing.TB, more string) string {
	// HOME keeps the .bashrc of the machine out of the tests.
	lines := []string{"PermitRootLogin yes", "StrictModes no", "UsePAM no", "PidFile none", "SetEnv HOME=" + s.dir, "MaxStartups 1000", "AuthorizedKeysFile " + s.Key() + ".pub"}
	for kind, bits := range map[string]string{"ed25519": "256", "ecdsa": "256", "rsa": "2048"} {
		key := s.file("ssh_host_" + kind + "_key")
		if out, err := exec.Command("ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-f", key).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
		lines = append(lines, "HostKey "+key)
	}
	return strings.Join(append([]string{more}, lines...), "\n") + "\n" // the first value of a keyword wins
}

func await(t testing.TB, address, log string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return
		}
	}
	text, _ := os.ReadFile(log)
	t.Fatalf("sshd does not listen at %s:\n%s", address, text)
}

// freePort is a port that was free a moment ago.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
