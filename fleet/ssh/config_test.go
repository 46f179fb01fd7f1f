package ssh_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/ssh"
	xssh "golang.org/x/crypto/ssh"
)

func ecdsaKey(t *testing.T) xssh.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	s, err := xssh.NewSignerFromKey(key)
	must(t, err)
	return s
}

// config writes an ssh_config whose aliases b0, b1… lead to these servers.
func config(t *testing.T, extra string, servers ...*fleettest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	text := ""
	for i, s := range servers {
		text += fmt.Sprintf("Host b%d\nHostName 127.0.0.1\nPort %d\nUser tester\nIdentityFile %s\nUserKnownHostsFile %s\n", i, s.Port(), s.Key(), s.KnownHosts())
	}
	must(t, os.WriteFile(path, []byte(text+extra), 0o600))
	return path
}

func TestConfig(t *testing.T) {
	noAgent(t)
	s := fleettest.Start(t, fleettest.Options{})
	dialWith(t, fleet.Host{Address: "b0"}, ssh.Options{ConfigFiles: []string{config(t, "", s)}})
}

func TestJump(t *testing.T) {
	noAgent(t)
	first, second, last := fleettest.Start(t, fleettest.Options{}), fleettest.Start(t, fleettest.Options{}), fleettest.Start(t, fleettest.Options{})
	for name, c := range map[string]struct{ extra, jump string }{
		"ProxyJump with two hops": {"Host b2\nProxyJump b0,b1\n", ""},
		"hop with a hop":          {"Host b2\nProxyJump b1\nHost b1\nProxyJump b0\n", ""},
		"inventory":               {"Host b2\nProxyJump wrong\n", "b0,tester@b1"},
		"star":                    {"Host b2\nProxyJump b0,b1\nHost *\nProxyJump b0\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := []int{first.Logins(), second.Logins(), last.Logins()}
			c := dialWith(t, fleet.Host{Address: "b2", Jump: c.jump}, ssh.Options{ConfigFiles: []string{config(t, c.extra, first, second, last)}, Logf: t.Logf})
			if got, err := c.Run(t.Context(), fleet.Cmd{Script: "echo ok"}); err != nil || got.Stdout != "ok\n" {
				t.Errorf("got %+v, %v", got, err)
			}
			for i, s := range []*fleettest.Server{first, second, last} {
				if n := s.Logins() - before[i]; n != 1 {
					t.Errorf("%d logins at b%d, want one", n, i)
				}
			}
			if first.Execs()+second.Execs() != 0 {
				t.Error("something was run on a jump host")
			}
		})
	}
}

// TestUnknownJumpHostIsAskedAboutOnce although several hosts are reached through it at the same time.
func TestUnknownJumpHostIsAskedAboutOnce(t *testing.T) {
	noAgent(t)
	jump, last := fleettest.Start(t, fleettest.Options{}), fleettest.Start(t, fleettest.Options{})
	path := config(t, "", jump, last)
	must(t, os.Remove(jump.KnownHosts()))
	p := &person{yes: true}
	auth := ssh.NewAuth(p)
	for _, err := range fleet.Each(t.Context(), 5, make([]int, 5), func(ctx context.Context, _ int) error {
		c, err := ssh.Dial(ctx, fleet.Host{Address: "b1", Jump: "b0"}, ssh.Options{ConfigFiles: []string{path}, Auth: auth})
		if err == nil {
			_ = c.Close()
		}
		return err
	}) {
		must(t, err)
	}
	p.wasAsked(t, 1, "Is it the right one?")
}

func TestBadConfig(t *testing.T) {
	for name, text := range map[string]string{
		"circle":       "Host a\nProxyJump b\nHost b\nProxyJump a\n",
		"syntax":       "Host a\nUser \"x\n",
		"port":         "Host a\nPort 99999\n",
		"hop":          "Host a\nProxyJump me@\n",
		"ProxyCommand": "Host a\nProxyCommand nc %h %p\n",
	} {
		t.Run(name, func(t *testing.T) {
			o := quick(t)
			o.ConfigFiles = []string{filepath.Join(t.TempDir(), "config")}
			must(t, os.WriteFile(o.ConfigFiles[0], []byte(text), 0o600))
			refused(t, fleet.Host{Address: "a"}, o, ssh.ErrConfig)
		})
	}
}

// A frozen host says nothing any more. ssh_config decides how long that is borne: here 2 s instead of 30.
func TestSignsOfLifeFollowTheConfig(t *testing.T) {
	noAgent(t)
	s := fleettest.Start(t, fleettest.Options{})
	c := dialWith(t, fleet.Host{Address: "b0"}, ssh.Options{ConfigFiles: []string{config(t, "Host *\nServerAliveInterval 1\nServerAliveCountMax 2\n", s)}})
	_, err := c.Run(t.Context(), fleet.Cmd{Script: "echo up; sleep 60", OnLine: func(string) { s.Freeze() }})
	if !errors.Is(err, ssh.ErrLinkLost) || !strings.Contains(err.Error(), "for 2s") {
		t.Errorf("error is %v", err)
	}
}
