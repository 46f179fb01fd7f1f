package ssh_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/shell"
	"github.com/monctl/monctl/fleet/ssh"
)

// options reach the server with its own known_hosts, no ssh_config, and nobody to ask.
func options(t testing.TB, s *fleettest.Server) ssh.Options {
	return ssh.Options{KnownHosts: []string{s.KnownHosts()}, ConfigFiles: []string{}, Logf: t.Logf}
}

func dial(t testing.TB, s *fleettest.Server) fleet.Conn {
	t.Helper()
	return dialWith(t, s.Host(), options(t, s))
}

func dialWith(t testing.TB, host fleet.Host, o ssh.Options) fleet.Conn {
	t.Helper()
	c, err := ssh.Dial(t.Context(), host, o)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// refused dials and expects this cause, with a remedy.
func refused(t testing.TB, host fleet.Host, o ssh.Options, want error) error {
	t.Helper()
	c, err := ssh.Dial(t.Context(), host, o)
	if err == nil {
		_ = c.Close()
	}
	if !errors.Is(err, want) || fault.Remedy(err) == "" {
		t.Fatalf("got %v (remedy %q), want %v", err, fault.Remedy(err), want)
	}
	t.Logf("%v\n\t%s", err, fault.Remedy(err))
	return err
}

// person answers questions and remembers them.
type person struct {
	mu      sync.Mutex
	secrets []string // the answers, in order; the last one again and again
	yes     bool
	asked   []string
}

func (p *person) Secret(_ context.Context, question string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, question)
	if len(p.secrets) == 0 {
		return "", errors.New("no answer")
	}
	answer := p.secrets[0]
	if len(p.secrets) > 1 {
		p.secrets = p.secrets[1:]
	}
	return answer, nil
}

func (p *person) Confirm(_ context.Context, question string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, question)
	return p.yes, nil
}

func (p *person) wasAsked(t testing.TB, times int, what string) {
	t.Helper()
	n := 0
	for _, q := range p.asked {
		if strings.Contains(q, what) {
			n++
		}
	}
	if n != times || len(p.asked) != times {
		t.Errorf("was asked %q, want %d × %q", p.asked, times, what)
	}
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

func TestLargePayload(t *testing.T) {
	c := dial(t, fleettest.Start(t, fleettest.Options{}))
	const size = 20 << 20
	got, err := c.Run(t.Context(), fleet.Cmd{Script: "wc -c", Stdin: zeros{}, Size: size})
	if err != nil || strings.TrimSpace(got.Stdout) != "20971520" {
		t.Errorf("got %+v, %v", got, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestSudo(t *testing.T) {
	for _, c := range []struct {
		mode fleettest.Sudo
		want error
	}{
		{fleettest.SudoFree, nil},
		{fleettest.SudoPassword, nil},
		{fleettest.SudoDenied, shell.ErrSudoDenied},
		{fleettest.SudoTTY, shell.ErrSudoTTY},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			s := fleettest.Start(t, fleettest.Options{Sudo: c.mode})
			o := options(t, s)
			o.Auth = ssh.NewAuth(&person{secrets: []string{fleettest.SudoSecret}})
			if c.want != nil {
				refused(t, s.Host(), o, c.want)
				return
			}
			conn := dialWith(t, s.Host(), o)
			if got, err := conn.Run(t.Context(), fleet.Cmd{Script: "echo ok"}); err != nil || got.Stdout != "ok\n" {
				t.Errorf("got %+v, %v", got, err)
			}
			if s.Execs() != 1 {
				t.Errorf("%d execs, want one", s.Execs())
			}
		})
	}
}

func TestRealSudo(t *testing.T) {
	wrap := fleettest.RealSudo(t, "Defaults timestamp_timeout=0, use_pty\nnobody ALL=(ALL) ALL")
	s := fleettest.Start(t, fleettest.Options{Wrap: wrap})
	o := options(t, s)
	o.Auth = ssh.NewAuth(&person{secrets: []string{fleettest.RealSecret}})
	c := dialWith(t, s.Host(), o)
	got, err := c.Run(t.Context(), fleet.Cmd{Script: "id -u; cat", Stdin: strings.NewReader("x"), Size: 1})
	if err != nil || got.Stdout != "0\nx" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestSudoPasswordIsAskedOnce for all hosts, and a wrong one is tried on one host alone.
func TestSudoPasswordIsAskedOnce(t *testing.T) {
	for name, password := range map[string]string{"right": fleettest.SudoSecret, "wrong": "guess"} {
		t.Run(name, func(t *testing.T) {
			p := &person{secrets: []string{password}}
			auth := ssh.NewAuth(p)
			var hosts []*fleettest.Server
			for range 5 {
				hosts = append(hosts, fleettest.Start(t, fleettest.Options{Sudo: fleettest.SudoPassword}))
			}
			errs := fleet.Each(t.Context(), 5, hosts, func(ctx context.Context, s *fleettest.Server) error {
				o := options(t, s)
				o.Auth = auth
				c, err := ssh.Dial(ctx, s.Host(), o)
				if err == nil {
					err = c.Close()
				}
				return err
			})
			tries := 0
			for i, s := range hosts {
				tries += s.SudoTries()
				if name == "wrong" && !errors.Is(errs[i], shell.ErrSudoWrong) || name == "right" && errs[i] != nil {
					t.Errorf("host %d: got %v", i, errs[i])
				}
			}
			p.wasAsked(t, 1, "sudo password")
			if name == "wrong" && tries != 1 {
				t.Errorf("a wrong password was tried %d times", tries)
			}
		})
	}
}

func TestLinkCut(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	c := dial(t, s)
	_, err := c.Run(t.Context(), fleet.Cmd{Script: "echo up; sleep 60", OnLine: func(string) { s.Cut() }})
	if !errors.Is(err, shell.ErrEnded) {
		t.Errorf("got %v", err)
	}
	if _, err = c.Run(t.Context(), fleet.Cmd{Script: "echo again"}); !errors.Is(err, shell.ErrEnded) {
		t.Errorf("then: got %v", err)
	}
}

// TestLinkCutMidPayload: the script sees the end of its input early and has to check what it got; it goes on.
func TestLinkCutMidPayload(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	c := dial(t, s)
	s.CutAfter(1 << 20)
	file := filepath.Join(t.TempDir(), "size")
	_, err := c.Run(t.Context(), fleet.Cmd{Script: "wc -c >" + fleet.Quote(file+".part") + "; mv " + fleet.QuoteAll(file+".part", file), Stdin: zeros{}, Size: 10 << 20})
	if !errors.Is(err, shell.ErrEnded) {
		t.Errorf("got %v", err)
	}
	if !eventually(func() bool { _, err := os.Stat(file); return err == nil }) {
		t.Fatal("the script did not go on")
	}
	if text, _ := os.ReadFile(file); strings.TrimSpace(string(text)) == "10485760" {
		t.Error("the cut was not in the middle")
	}
}

// TestHostVanishes: without a word from the host, three missed signs of life end the wait.
func TestHostVanishes(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	o := options(t, s)
	o.KeepAlive = 50 * time.Millisecond
	c := dialWith(t, s.Host(), o)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := c.Run(ctx, fleet.Cmd{Script: "echo up; sleep 60", OnLine: func(string) { s.Freeze() }})
	if !errors.Is(err, ssh.ErrLinkLost) || !errors.Is(err, shell.ErrEnded) {
		t.Errorf("got %v", err)
	}
}

// TestSlowLinkIsNotLost: the answer to a question behind a payload takes longer than a dead link is waited for. The host
// says that it takes the payload about ten times in that time, so that a busy machine does not matter.
func TestSlowLinkIsNotLost(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	o := options(t, s)
	o.KeepAlive = 600 * time.Millisecond
	c := dialWith(t, s.Host(), o)
	s.Slow(600 << 10)
	got, err := c.Run(t.Context(), fleet.Cmd{Script: "wc -c", Stdin: zeros{}, Size: 1500 << 10})
	if err != nil || strings.TrimSpace(got.Stdout) != "1536000" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCancel(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	c := dial(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := c.Run(ctx, fleet.Cmd{Script: "echo up; sleep 60", OnLine: func(string) { cancel() }}); !errors.Is(err, context.Canceled) {
		t.Errorf("run: got %v", err)
	}
	s.Freeze()
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := ssh.Dial(ctx, s.Host(), options(t, s)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("dial: got %v", err)
	}
}

func eventually(ok func() bool) bool {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
