package ssh_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/shell"
	"github.com/monctl/monctl/fleet/ssh"
)

// These tests are the ones where OpenSSH might behave unlike the server of fleettest.

func openSSH(t testing.TB, config string) (*fleettest.OpenSSH, ssh.Options) {
	t.Helper()
	s := fleettest.StartOpenSSH(t, config)
	return s, ssh.Options{KnownHosts: []string{s.KnownHosts()}, ConfigFiles: []string{}, Logf: t.Logf}
}

func TestOpenSSHRun(t *testing.T) {
	s, o := openSSH(t, "MaxSessions 1")
	c := dialWith(t, s.Host(), o)
	for range 3 {
		got, err := c.Run(t.Context(), fleet.Cmd{Script: "id -u; cat; echo oops >&2; exit 3", Stdin: strings.NewReader("payload\n"), Size: 8})
		want := fleet.Result{Stdout: "0\npayload\n", Stderr: "oops\n", Exit: 3}
		if err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	const size = 20 << 20
	got, err := c.Run(t.Context(), fleet.Cmd{Script: "wc -c", Stdin: zeros{}, Size: size})
	if err != nil || strings.TrimSpace(got.Stdout) != strconv.Itoa(size) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestOpenSSHClose: the lock is free and the shell gone soon after Close, even with a heartbeat.
func TestOpenSSHClose(t *testing.T) {
	s, o := openSSH(t, "")
	lock := filepath.Join(t.TempDir(), "lock")
	take := fleet.Cmd{Keep: true, Script: "exec 9>" + fleet.Quote(lock) + "; flock -n 9 || exit 1; monctl_heartbeat; echo $$ $monctl_pulse"}
	first := dialWith(t, s.Host(), o)
	got, err := first.Run(t.Context(), take)
	must(t, err)
	must(t, first.Close())
	for _, pid := range strings.Fields(got.Stdout) {
		if !eventually(func() bool { _, err := os.Stat("/proc/" + pid); return err != nil }) {
			t.Errorf("process %s is still there", pid)
		}
	}
	if got, err := dialWith(t, s.Host(), o).Run(t.Context(), take); err != nil || got.Exit != 0 {
		t.Errorf("the lock is not free: got %+v, %v", got, err)
	}
}

func TestOpenSSHForward(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer web.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	for name, config := range map[string]string{"allowed": "", "forbidden": "AllowTcpForwarding no", "not there": "PermitOpen 127.0.0.1:9"} {
		t.Run(name, func(t *testing.T) {
			s, o := openSSH(t, config)
			c := dialWith(t, s.Host(), o)
			client := &http.Client{Transport: &http.Transport{DialContext: c.Dial}}
			defer client.CloseIdleConnections()
			r, err := client.Get(web.URL)
			must(t, err)
			body, err := io.ReadAll(r.Body)
			_ = r.Body.Close()
			if err != nil || string(body) != "hello" {
				t.Errorf("got %q, %v", body, err)
			}
			if _, err := c.Dial(t.Context(), "tcp", l.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("refused port: got %v", err)
			}
			var dns *net.DNSError
			if _, err := c.Dial(t.Context(), "tcp", "no..such..name:1"); !errors.As(err, &dns) {
				t.Errorf("no such name: got %v", err)
			}
		})
	}
}

func TestOpenSSHNothingWorks(t *testing.T) {
	s, o := openSSH(t, "AllowTcpForwarding no\nMaxSessions 1")
	_, err := dialWith(t, s.Host(), o).Dial(t.Context(), "tcp", "127.0.0.1:1")
	if !errors.Is(err, ssh.ErrForwarding) || !errors.Is(err, ssh.ErrSessions) {
		t.Errorf("got %v", err)
	}
}

// TestOpenSSHOtherHostKey: of the three keys of the host, the one that is known is the one that is compared.
func TestOpenSSHOtherHostKey(t *testing.T) {
	s, o := openSSH(t, "")
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		public, err := os.ReadFile(filepath.Join(filepath.Dir(s.Key()), "ssh_host_"+kind+"_key.pub"))
		must(t, err)
		o.KnownHosts = []string{filepath.Join(t.TempDir(), "known")}
		must(t, os.WriteFile(o.KnownHosts[0], []byte("[127.0.0.1]:"+strconv.Itoa(s.Host().Port)+" "+string(public)), 0o600))
		dialWith(t, s.Host(), o)
	}
}

func TestOpenSSHAuth(t *testing.T) {
	noAgent(t)
	s, o := openSSH(t, "MaxAuthTries 2")
	var keys []string
	for range 3 {
		keys = append(keys, filepath.Join(t.TempDir(), "key"))
		fleettest.WriteKey(t, keys[len(keys)-1], "")
	}
	host := s.Host()
	host.Keys = keys[:1]
	refused(t, host, o, ssh.ErrAuth)
	host.Keys = keys
	refused(t, host, o, ssh.ErrAuth)
}

func TestOpenSSHForcedCommand(t *testing.T) {
	s, o := openSSH(t, "ForceCommand echo This is a menu.")
	err := refused(t, s.Host(), o, shell.ErrNotShell)
	if !strings.Contains(err.Error(), "This is a menu.") {
		t.Errorf("got %v", err)
	}
}

func TestOpenSSHBanner(t *testing.T) {
	banner := filepath.Join(t.TempDir(), "banner")
	must(t, os.WriteFile(banner, []byte(strings.Repeat("No trespassing.\n", 100)), 0o644))
	s, o := openSSH(t, "Banner "+banner)
	if got, err := dialWith(t, s.Host(), o).Run(t.Context(), fleet.Cmd{Script: "echo ok"}); err != nil || got.Stdout != "ok\n" {
		t.Errorf("got %+v, %v", got, err)
	}
}
