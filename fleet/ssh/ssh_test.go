package ssh_test

import (
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/ssh"
)

func options(s *fleettest.Server) ssh.Options {
	return ssh.Options{KnownHosts: []string{s.KnownHosts()}, ConfigFiles: []string{}}
}

func dial(t testing.TB, s *fleettest.Server) fleet.Conn {
	t.Helper()
	o := options(s)
	o.Logf = t.Logf
	c, err := ssh.Dial(t.Context(), s.Host(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRun(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	c := dial(t, s)
	for range 3 {
		cmd := fleet.Cmd{Script: "cat; umask; pwd; echo oops >&2; exit 3", Stdin: strings.NewReader("payload\n"), Size: 8}
		got, err := c.Run(t.Context(), cmd)
		want := fleet.Result{Stdout: "payload\n0022\n/\n", Stderr: "oops\n", Exit: 3}
		if err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	if s.Logins() != 1 || s.Execs() != 1 {
		t.Errorf("%d logins and %d execs, want one of each", s.Logins(), s.Execs())
	}
}
