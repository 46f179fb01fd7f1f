package ssh_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/ssh"
	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// noAgent keeps the agent and the keys of whoever runs the tests out of them.
func noAgent(t testing.TB) {
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("HOME", t.TempDir())
}

func TestWrongKey(t *testing.T) {
	noAgent(t)
	s := fleettest.Start(t, fleettest.Options{RefuseKeys: true, Password: "x"})
	err := refused(t, s.Host(), options(t, s), ssh.ErrAuth)
	for _, want := range []string{s.Key(), "SHA256:", "publickey", "password", "no terminal"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestKeyFileTroubles(t *testing.T) {
	noAgent(t)
	s := fleettest.Start(t, fleettest.Options{})
	garbage := filepath.Join(t.TempDir(), "garbage")
	must(t, os.WriteFile(garbage, []byte("not a key"), 0o600))
	for _, key := range []string{garbage, "/nonexistent/key"} {
		host := s.Host()
		host.Keys = []string{key}
		if err := refused(t, host, options(t, s), ssh.ErrAuth); !strings.Contains(err.Error(), key) {
			t.Errorf("%v does not name %s", err, key)
		}
	}
}

func TestPassword(t *testing.T) {
	noAgent(t)
	for name, o := range map[string]fleettest.Options{
		"password":             {RefuseKeys: true, Password: "sesame"},
		"keyboard-interactive": {RefuseKeys: true, Password: "sesame", Interactive: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := &person{secrets: []string{"mistyped", "sesame"}}
			auth := ssh.NewAuth(p)
			for range 3 {
				s := fleettest.Start(t, o)
				with := options(t, s)
				with.Auth = auth
				dialWith(t, s.Host(), with)
			}
			p.wasAsked(t, 2, "password of tester@127.0.0.1")
		})
	}
}

func TestPasswordThatOneHostDoesNotTake(t *testing.T) {
	noAgent(t)
	p := &person{secrets: []string{"common", "special"}}
	auth := ssh.NewAuth(p)
	for _, password := range []string{"common", "special", "common"} {
		s := fleettest.Start(t, fleettest.Options{RefuseKeys: true, Password: password})
		with := options(t, s)
		with.Auth = auth
		dialWith(t, s.Host(), with)
	}
	p.wasAsked(t, 2, "password of tester@127.0.0.1")
}

// TestPasswordAfterALostLink: a host that fell silent with the password does not keep it from the others.
func TestPasswordAfterALostLink(t *testing.T) {
	noAgent(t)
	p := &person{secrets: []string{"sesame"}}
	auth := ssh.NewAuth(p)
	s := fleettest.Start(t, fleettest.Options{RefuseKeys: true, Password: "sesame", CutOnLogin: true})
	o := options(t, s)
	o.Auth = auth
	if _, err := ssh.Dial(t.Context(), s.Host(), o); err == nil {
		t.Fatal("the link was not cut")
	}
	s = fleettest.Start(t, fleettest.Options{RefuseKeys: true, Password: "sesame"})
	o = options(t, s)
	o.Auth = auth
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, err := ssh.Dial(ctx, s.Host(), o)
	must(t, err)
	must(t, c.Close())
	p.wasAsked(t, 1, "password of tester@127.0.0.1")
}

func TestPassphraseIsAskedOnce(t *testing.T) {
	noAgent(t)
	path := filepath.Join(t.TempDir(), "locked")
	public := fleettest.WriteKey(t, path, "open up")
	p := &person{secrets: []string{"mistyped", "open up"}}
	auth := ssh.NewAuth(p)
	var hosts []*fleettest.Server
	for range 4 {
		hosts = append(hosts, fleettest.Start(t, fleettest.Options{Keys: []xssh.PublicKey{public}}))
	}
	errs := fleet.Each(t.Context(), 4, hosts, func(ctx context.Context, s *fleettest.Server) error {
		host, o := s.Host(), options(t, s)
		host.Keys, o.Auth = []string{path}, auth
		c, err := ssh.Dial(ctx, host, o)
		if err == nil {
			_ = c.Close()
		}
		return err
	})
	for _, err := range errs {
		must(t, err)
	}
	p.wasAsked(t, 2, "passphrase of "+path)
}

// TestPassphraseIsNotAskedInVain: the host does not take the key anyway.
func TestPassphraseIsNotAskedInVain(t *testing.T) {
	noAgent(t)
	path := filepath.Join(t.TempDir(), "locked")
	fleettest.WriteKey(t, path, "open up")
	s := fleettest.Start(t, fleettest.Options{})
	p := &person{}
	host, o := s.Host(), options(t, s)
	host.Keys, o.Auth = []string{path}, ssh.NewAuth(p)
	refused(t, host, o, ssh.ErrAuth)
	p.wasAsked(t, 0, "")
}

func TestAgent(t *testing.T) {
	noAgent(t)
	s := fleettest.Start(t, fleettest.Options{})
	startAgent(t, s.Key())
	host := s.Host()
	host.Keys = nil
	dialWith(t, host, options(t, s))

	// A named key whose private half only the agent has.
	public := filepath.Join(t.TempDir(), "id")
	text, err := os.ReadFile(s.Key() + ".pub")
	must(t, err)
	must(t, os.WriteFile(public+".pub", text, 0o600))
	host.Keys = []string{public}
	dialWith(t, host, options(t, s))

	// A named key excludes what else the agent holds.
	other := filepath.Join(t.TempDir(), "other")
	fleettest.WriteKey(t, other, "")
	host.Keys = []string{other}
	refused(t, host, options(t, s), ssh.ErrAuth)
}

func TestTooManyKeys(t *testing.T) {
	noAgent(t)
	s := fleettest.Start(t, fleettest.Options{})
	var keys []string
	for i := range 8 {
		keys = append(keys, filepath.Join(t.TempDir(), "key"))
		fleettest.WriteKey(t, keys[i], "")
	}
	startAgent(t, keys...)
	host := s.Host()
	host.Keys = nil
	if err := refused(t, host, options(t, s), ssh.ErrAuth); !strings.Contains(err.Error(), "too many keys") {
		t.Errorf("got %v", err)
	}
}

// startAgent serves these keys at SSH_AUTH_SOCK.
func startAgent(t *testing.T, files ...string) {
	t.Helper()
	ring := agent.NewKeyring()
	for _, f := range files {
		text, err := os.ReadFile(f)
		must(t, err)
		key, err := xssh.ParseRawPrivateKey(text)
		must(t, err)
		must(t, ring.Add(agent.AddedKey{PrivateKey: key, Comment: filepath.Base(f)}))
	}
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	t.Setenv("SSH_AUTH_SOCK", socket)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, c) }()
		}
	}()
}
