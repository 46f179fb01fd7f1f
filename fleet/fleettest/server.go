// Package fleettest is a host for tests: a real SSH server on loopback, in this process, that really runs what it is asked
// to with /bin/sh, as the user of the test. Faults are injected at the server's end of the TCP connection.
//
// It knows nothing of what is under test; a real OpenSSH is started by StartOpenSSH.
package fleettest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/monctl/monctl/fleet"
	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

// Options of Start. The zero value is a host that root logs in to with a key.
type Options struct {
	Env          []string        // NAME=value, added to the environment of what is run
	Shell        string          // login shell, run as SHELL -c COMMAND; "" is /bin/sh
	Wrap         []string        // words put before the login shell: a program that runs the rest, such as RealSudo's
	Sudo         Sudo            // "" is a root login, which needs none
	Password     string          // also accept this password
	Interactive  bool            // ask for Password by keyboard-interactive instead
	CutOnLogin   bool            // cut the link when a password comes
	RefuseKeys   bool            // accept no key at all
	NoForwarding bool            // answer direct-tcpip with "administratively prohibited", as AllowTcpForwarding no does
	MaxSessions  int             // sessions at once; 0 is no limit
	HostKeys     []ssh.Signer    // nil is a new ed25519 key
	Keys         []ssh.PublicKey // accepted besides the one of Key
}

// Server is a running host.
type Server struct {
	options  Options
	dir      string
	sudo     string // folder of the stand-in
	listener net.Listener
	client   ssh.PublicKey // of Key
	env      []string

	mu       sync.Mutex
	host     []ssh.Signer
	conns    map[*faultyConn]bool
	fault    faults
	sessions int
	running  map[int]bool // process groups
	wg       sync.WaitGroup

	logins, execs atomic.Int64
}

// Start runs a host until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{options: o, dir: t.TempDir(), conns: map[*faultyConn]bool{}, running: map[int]bool{}}
	s.host = o.HostKeys
	if s.host == nil {
		s.host = []ssh.Signer{NewKey(t)}
	}
	s.client = writeKey(t, s.Key())
	s.env = append(os.Environ(), o.Env...)
	if o.Sudo != "" {
		s.sudo = StandInSudo(t, o.Sudo)
		s.env = append(s.env, "PATH="+s.sudo+":"+os.Getenv("PATH"))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.listener = listener
	s.writeKnownHosts(t)
	s.wg.Go(s.accept)
	t.Cleanup(s.stop)
	return s
}

// stop ends the server and what still runs there.
func (s *Server) stop() {
	_ = s.listener.Close()
	s.Cut()
	s.mu.Lock()
	for pid := range s.running {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// Host is how to reach the server.
func (s *Server) Host() fleet.Host {
	return fleet.Host{Name: "test", Address: "127.0.0.1", Port: s.Port(), User: "tester", Keys: []string{s.Key()}, Sudo: fleet.SudoAuto}
}

// Port is the TCP port of the server on loopback.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Key is the private key file that the server accepts.
func (s *Server) Key() string { return filepath.Join(s.dir, "id_ed25519") }

// KnownHosts is a known_hosts file with the key that the server had when it started.
func (s *Server) KnownHosts() string { return filepath.Join(s.dir, "known_hosts") }

// HostKey is the first public key the server shows.
func (s *Server) HostKey() ssh.PublicKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.host[0].PublicKey()
}

// ChangeHostKey gives the server another key; KnownHosts keeps the old one.
func (s *Server) ChangeHostKey(t testing.TB) {
	key := NewKey(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.host = []ssh.Signer{key}
}

// Logins is how many connections have authenticated, and Execs how many commands were started: monctl needs one of
// each for a whole run.
func (s *Server) Logins() int { return int(s.logins.Load()) }

// Execs is how many commands were started.
func (s *Server) Execs() int { return int(s.execs.Load()) }

// SudoTries is how many passwords the stand-in for sudo was given.
func (s *Server) SudoTries() int {
	tries, _ := os.ReadFile(filepath.Join(s.sudo, "tries"))
	return bytes.Count(tries, []byte("\n"))
}

func (s *Server) writeKnownHosts(t testing.TB) {
	line := knownhosts.Line([]string{s.listener.Addr().String()}, s.host[0].PublicKey())
	must(t, os.WriteFile(s.KnownHosts(), []byte(line+"\n"), 0o600))
}

func (s *Server) accept() {
	for {
		tcp, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.wg.Go(func() { s.serve(tcp) })
	}
}

func (s *Server) config() *ssh.ServerConfig {
	c := &ssh.ServerConfig{MaxAuthTries: 6} // as sshd
	c.PublicKeyCallback = func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		for _, k := range append(slices.Clone(s.options.Keys), s.client) {
			if !s.options.RefuseKeys && bytes.Equal(k.Marshal(), key.Marshal()) {
				return nil, nil
			}
		}
		return nil, errors.New("not this key")
	}
	password := func(got string) (*ssh.Permissions, error) {
		if s.options.CutOnLogin {
			s.Cut()
		}
		if got == s.options.Password {
			return nil, nil
		}
		return nil, errors.New("wrong password")
	}
	switch {
	case s.options.Password != "" && s.options.Interactive:
		c.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			if err != nil || len(answers) != 1 {
				return nil, errors.Join(err, errors.New("no answer"))
			}
			return password(answers[0])
		}
	case s.options.Password != "":
		c.PasswordCallback = func(_ ssh.ConnMetadata, got []byte) (*ssh.Permissions, error) { return password(string(got)) }
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range s.host {
		c.AddHostKey(key)
	}
	return c
}

// NewKey makes an ed25519 key.
func NewKey(t testing.TB) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	return signer
}

// writeKey writes a new private key file and its public half beside it.
func writeKey(t testing.TB, path string) ssh.PublicKey {
	t.Helper()
	return WriteKey(t, path, "")
}

// WriteKey writes a new ed25519 private key file, with a passphrase unless it is "", and NAME.pub; it returns the
// public half.
func WriteKey(t testing.TB, path, passphrase string) ssh.PublicKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	block, err := ssh.MarshalPrivateKey(private, "test")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "test", []byte(passphrase))
	}
	must(t, err)
	must(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	must(t, err)
	public := ssh.MarshalAuthorizedKey(signer.PublicKey())
	must(t, os.WriteFile(path+".pub", []byte(strings.TrimSpace(string(public))+" test\n"), 0o644))
	return signer.PublicKey()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
