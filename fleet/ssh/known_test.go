package ssh_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/ssh"
	"github.com/skeema/knownhosts"
	xssh "golang.org/x/crypto/ssh"
	xknown "golang.org/x/crypto/ssh/knownhosts"
)

func serverName(s *fleettest.Server) string { return fmt.Sprintf("[127.0.0.1]:%d", s.Port()) }

func TestUnknownHostKeyIsRefused(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	o := options(t, s)
	o.KnownHosts = []string{filepath.Join(t.TempDir(), "ssh/known_hosts")}
	for _, o.Auth = range []*ssh.Auth{nil, ssh.NewAuth(&person{yes: false})} {
		err := refused(t, s.Host(), o, ssh.ErrHostKeyUnknown)
		if fault.KindOf(err) != fault.Refused || !strings.Contains(err.Error(), xssh.FingerprintSHA256(s.HostKey())) || !strings.Contains(fault.Remedy(err), "monctl trust 127.0.0.1") {
			t.Errorf("got %v, remedy %s", err, fault.Remedy(err))
		}
	}
	if s.Logins() != 0 {
		t.Error("logged in all the same")
	}
	if _, err := os.Stat(o.KnownHosts[0]); err == nil {
		t.Error("recorded all the same")
	}
}

func TestUnknownHostKeyIsRecorded(t *testing.T) {
	for name, change := range map[string]func(*ssh.Options){
		"asked":      func(o *ssh.Options) { o.Auth = ssh.NewAuth(&person{yes: true}) },
		"accept new": func(o *ssh.Options) { o.AcceptNewHostKeys = true },
		"hashed": func(o *ssh.Options) {
			o.AcceptNewHostKeys = true
			o.ConfigFiles = []string{filepath.Join(filepath.Dir(filepath.Dir(o.KnownHosts[0])), "config")}
			_ = os.WriteFile(o.ConfigFiles[0], []byte("Host *\nHashKnownHosts yes\n"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := fleettest.Start(t, fleettest.Options{})
			o := options(t, s)
			file := filepath.Join(t.TempDir(), "ssh/known_hosts")
			o.KnownHosts = []string{file}
			change(&o)
			dialWith(t, s.Host(), o)
			text, err := os.ReadFile(file)
			must(t, err)
			if plain := strings.Contains(string(text), "127.0.0.1"); plain == (name == "hashed") {
				t.Errorf("recorded %s", text)
			}
			if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v", info.Mode())
			}
			dialWith(t, s.Host(), ssh.Options{KnownHosts: o.KnownHosts, ConfigFiles: []string{}})
		})
	}
}

func TestRecordAfterALineWithoutNewline(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	o := options(t, s)
	o.KnownHosts = []string{filepath.Join(t.TempDir(), "known_hosts")}
	o.AcceptNewHostKeys = true
	other := knownhosts.Line([]string{"other"}, fleettest.NewKey(t).PublicKey())
	must(t, os.WriteFile(o.KnownHosts[0], []byte(other), 0o600))
	dialWith(t, s.Host(), o)
	text, _ := os.ReadFile(o.KnownHosts[0])
	if lines := strings.Split(strings.TrimSpace(string(text)), "\n"); len(lines) != 2 || lines[0] != other {
		t.Errorf("got %q", lines)
	}
}

// TestChangedHostKey is refused whatever the options say, before anything secret is sent.
func TestChangedHostKey(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	old := s.HostKey()
	s.ChangeHostKey(t)
	o := options(t, s)
	o.AcceptNewHostKeys = true
	o.Auth = ssh.NewAuth(&person{yes: true})
	err := refused(t, s.Host(), o, ssh.ErrHostKeyChanged)
	for _, want := range []string{s.KnownHosts() + ":1", xssh.FingerprintSHA256(old), xssh.FingerprintSHA256(s.HostKey())} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if fault.KindOf(err) != fault.Refused || s.Logins() != 0 {
		t.Errorf("kind %v, %d logins", fault.KindOf(err), s.Logins())
	}
	if _, err := ssh.FetchHostKey(t.Context(), s.Host(), o); err == nil {
		t.Error("FetchHostKey shows a changed key as new")
	}
}

func TestKnownHostsForms(t *testing.T) {
	authority := fleettest.NewKey(t)
	plain := fleettest.NewKey(t)
	signed := sign(t, authority, plain.PublicKey(), "127.0.0.1", time.Now().Add(time.Hour))
	certified, err := xssh.NewCertSigner(signed, plain)
	must(t, err)
	expired, err := xssh.NewCertSigner(sign(t, authority, plain.PublicKey(), "127.0.0.1", time.Now().Add(-time.Minute)), plain)
	must(t, err)
	keyOf := func(k xssh.PublicKey) string { return strings.TrimSpace(string(xssh.MarshalAuthorizedKey(k))) }
	for name, c := range map[string]struct {
		keys []xssh.Signer
		line func(name string) string
		want error
	}{
		"hashed":           {[]xssh.Signer{plain}, func(n string) string { return xknown.HashHostname(n) + " " + keyOf(plain.PublicKey()) }, nil},
		"wildcard":         {[]xssh.Signer{plain}, func(string) string { return "127.0.0.* " + keyOf(plain.PublicKey()) }, nil},
		"authority":        {[]xssh.Signer{certified}, func(string) string { return "@cert-authority 127.0.0.* " + keyOf(authority.PublicKey()) }, nil},
		"other authority":  {[]xssh.Signer{certified}, func(string) string { return "@cert-authority 127.0.0.* " + keyOf(plain.PublicKey()) }, ssh.ErrHostKeyInvalid},
		"expired":          {[]xssh.Signer{expired}, func(string) string { return "@cert-authority 127.0.0.* " + keyOf(authority.PublicKey()) }, ssh.ErrHostKeyInvalid},
		"authority, plain": {[]xssh.Signer{plain}, func(string) string { return "@cert-authority 127.0.0.* " + keyOf(authority.PublicKey()) }, ssh.ErrHostKeyUnknown},
		"revoked":          {[]xssh.Signer{plain}, func(string) string { return "@revoked * " + keyOf(plain.PublicKey()) }, ssh.ErrHostKeyInvalid},
		"of another host":  {[]xssh.Signer{plain}, func(string) string { return "other " + keyOf(plain.PublicKey()) }, ssh.ErrHostKeyUnknown},
		"of the port 22":   {[]xssh.Signer{plain}, func(string) string { return "127.0.0.1 " + keyOf(plain.PublicKey()) }, ssh.ErrHostKeyUnknown},
		"one of two keys":  {[]xssh.Signer{ecdsaKey(t), plain}, func(n string) string { return n + " " + keyOf(plain.PublicKey()) }, nil},
		"two lines, second": {[]xssh.Signer{plain}, func(n string) string {
			return n + " " + keyOf(authority.PublicKey()) + "\n" + n + " " + keyOf(plain.PublicKey())
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := fleettest.Start(t, fleettest.Options{HostKeys: c.keys})
			o := options(t, s)
			dir := t.TempDir()
			o.KnownHosts = []string{filepath.Join(dir, "missing"), filepath.Join(dir, "empty"), filepath.Join(dir, "known")}
			must(t, os.WriteFile(o.KnownHosts[1], []byte("# nothing\n\n"), 0o600))
			must(t, os.WriteFile(o.KnownHosts[2], []byte(c.line(serverName(s))+"\n"), 0o600))
			if c.want != nil {
				refused(t, s.Host(), o, c.want)
				return
			}
			dialWith(t, s.Host(), o)
		})
	}
}

func TestBrokenKnownHosts(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	o := options(t, s)
	o.KnownHosts = []string{filepath.Join(t.TempDir(), "known")}
	must(t, os.WriteFile(o.KnownHosts[0], []byte("\nhost ssh-ed25519 %%%\n"), 0o600))
	_, err := ssh.Dial(t.Context(), s.Host(), o)
	if err == nil || !strings.Contains(err.Error(), o.KnownHosts[0]+":2") || fault.Remedy(err) == "" {
		t.Errorf("got %v", err)
	}
}

func TestTrust(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	o := options(t, s)
	o.KnownHosts = []string{filepath.Join(t.TempDir(), "known")}
	for _, known := range []bool{false, true} {
		k, err := ssh.FetchHostKey(t.Context(), s.Host(), o)
		must(t, err)
		if k.Known != known || k.Name != serverName(s) || k.Type != "ssh-ed25519" || k.Fingerprint != xssh.FingerprintSHA256(s.HostKey()) || k.File != o.KnownHosts[0] {
			t.Errorf("got %+v", k)
		}
		must(t, ssh.Trust(k, o))
	}
	if s.Logins() != 0 {
		t.Error("logged in to fetch the key")
	}
	text, _ := os.ReadFile(o.KnownHosts[0])
	if strings.Count(string(text), "\n") != 1 {
		t.Errorf("recorded twice: %s", text)
	}
	dialWith(t, s.Host(), o)
}

func sign(t *testing.T, authority xssh.Signer, key xssh.PublicKey, host string, until time.Time) *xssh.Certificate {
	t.Helper()
	c := &xssh.Certificate{
		Key: key, CertType: xssh.HostCert, ValidPrincipals: []string{host},
		ValidAfter: uint64(until.Add(-24 * time.Hour).Unix()), ValidBefore: uint64(until.Unix()),
	}
	must(t, c.SignCert(rand.Reader, authority))
	return c
}
