package fleettest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
)

// OpenSSH is a real sshd on loopback, on one port for each host that it plays. root logs in with a key.
type OpenSSH struct {
	dir   string
	ports []int
}

// StartOpenSSH runs sshd until the test ends, with three host keys (ed25519, ecdsa, rsa), as many ports as hosts, and
// more lines for sshd_config. It skips the test where sshd is missing or the test is not root's.
func StartOpenSSH(t testing.TB, hosts int, config string) *OpenSSH {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to run sshd and log in as root")
	}
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		t.Skip("sshd is not installed (apt-get install openssh-server)")
	}
	must(t, os.MkdirAll("/run/sshd", 0o755)) // where sshd separates its privileges
	s := &OpenSSH{dir: t.TempDir(), ports: freePorts(t, hosts)}
	writeKey(t, s.Key())
	must(t, os.WriteFile(s.file("sshd_config"), []byte(s.config(t, config)), 0o600))
	log, err := os.Create(s.file("log"))
	must(t, err)
	cmd := exec.Command(sshd, "-D", "-e", "-f", s.file("sshd_config"))
	cmd.Stderr = log
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if text, _ := os.ReadFile(s.file("log")); t.Failed() {
			t.Logf("sshd says:\n%s", text)
		}
		_ = log.Close()
	})
	s.await(t)
	return s
}

func (s *OpenSSH) file(name string) string { return filepath.Join(s.dir, name) }

// Key is the private key file that root logs in with.
func (s *OpenSSH) Key() string { return s.file("id_ed25519") }

// KnownHosts is a known_hosts file with the ed25519 key of every host.
func (s *OpenSSH) KnownHosts() string { return s.file("known_hosts") }

// Hosts are all hosts, Host the first.
func (s *OpenSSH) Hosts() (all []fleet.Host) {
	for i, port := range s.ports {
		all = append(all, fleet.Host{Name: fmt.Sprintf("host%d", i), Address: "127.0.0.1", Port: port, User: "root", Keys: []string{s.Key()}, Sudo: fleet.SudoAuto})
	}
	return all
}

// Host is the first host.
func (s *OpenSSH) Host() fleet.Host { return s.Hosts()[0] }

func (s *OpenSSH) config(t testing.TB, more string) string {
	lines := []string{"PermitRootLogin yes", "StrictModes no", "UsePAM no", "PidFile none", "MaxStartups 1000", "AuthorizedKeysFile " + s.Key() + ".pub"}
	for kind, bits := range map[string]string{"ed25519": "256", "ecdsa": "256", "rsa": "2048"} {
		key := s.file("ssh_host_" + kind + "_key")
		if out, err := exec.Command("ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-f", key).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
		lines = append(lines, "HostKey "+key)
	}
	public, err := os.ReadFile(s.file("ssh_host_ed25519_key.pub"))
	must(t, err)
	var known strings.Builder
	for _, port := range s.ports {
		lines = append(lines, fmt.Sprintf("ListenAddress 127.0.0.1:%d", port))
		fmt.Fprintf(&known, "[127.0.0.1]:%d %s", port, public)
	}
	must(t, os.WriteFile(s.KnownHosts(), []byte(known.String()), 0o600))
	return strings.Join(append([]string{more}, lines...), "\n") + "\n" // the first value of a keyword wins
}

func (s *OpenSSH) await(t testing.TB) {
	t.Helper()
	last := s.ports[len(s.ports)-1]
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", last)); err == nil {
			_ = c.Close()
			return
		}
	}
	text, _ := os.ReadFile(s.file("log"))
	t.Fatalf("sshd does not listen:\n%s", text)
}

// freePorts are ports that were free a moment ago, all different.
func freePorts(t testing.TB, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
