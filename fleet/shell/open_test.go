package shell_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/shell"
)

// asked answers the question for the sudo password and counts how often it came.
func asked(answer string, times *int) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		*times++
		return answer, nil
	}
}

func TestNoiseBeforeTheGreeting(t *testing.T) {
	pipes, _ := start(t, "sh", "-c", "seq 1000; printf 'no newline'; echo warn >&2; printf half >&2; exec sh -c "+fleet.Quote(shell.Bootstrap))
	s, err := shell.Open(t.Context(), pipes, shell.Options{})
	must(t, err)
	got, err := s.Run(t.Context(), fleet.Cmd{Script: "echo a; echo b >&2"})
	if want := (fleet.Result{Stdout: "a\n", Stderr: "b\n"}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestNotAShell(t *testing.T) {
	for name, c := range map[string]struct {
		script, want string
	}{
		"nologin":  {"echo This account is currently not available.; exit 1", "This account is currently not available."},
		"stderr":   {"echo go away >&2; exit 1", "go away"},
		"silent":   {"exit 0", "printed nothing"},
		"garbage":  {"cat /dev/zero", `printed "\x00`},
		"garbage2": {"cat /dev/zero >&2", `printed "\x00`},
		"menu":     {"echo 'Choose: 1) a 2) b'; sleep 60", "no greeting within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pipes, _ := start(t, "sh", "-c", c.script)
			_, err := shell.Open(t.Context(), pipes, shell.Options{Timeout: 2 * time.Second})
			if !errors.Is(err, shell.ErrNotShell) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestOpenCancelled(t *testing.T) {
	pipes, _ := start(t, "sleep", "60")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := shell.Open(ctx, pipes, shell.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestLoginShells: the command line survives the quoting rules of shells that are not POSIX.
func TestLoginShells(t *testing.T) {
	for _, login := range []string{"sh", "bash", "dash", "fish", "tcsh"} {
		for _, sudo := range []fleet.Sudo{fleet.SudoAuto, fleet.SudoNever} {
			t.Run(login+" "+string(sudo), func(t *testing.T) {
				if _, err := exec.LookPath(login); err != nil {
					t.Skipf("%s is not installed", login)
				}
				t.Setenv("PATH", fleettest.StandInSudo(t, fleettest.SudoFree)+":"+os.Getenv("PATH"))
				pipes, _ := start(t, login, "-c", shell.Command(sudo))
				s, err := shell.Open(t.Context(), pipes, shell.Options{})
				must(t, err)
				got, err := s.Run(t.Context(), fleet.Cmd{Script: `printf '%s\n' 'it works!'`})
				if err != nil || got.Stdout != "it works!\n" {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
	}
}

func TestStandInSudo(t *testing.T) {
	for name, c := range map[string]struct {
		mode     fleettest.Sudo
		password string // "" is nobody to ask
		want     error
		asked    int
	}{
		"free":              {fleettest.SudoFree, "", nil, 0},
		"free with one":     {fleettest.SudoFree, "unused", nil, 0},
		"password":          {fleettest.SudoPassword, fleettest.SudoSecret, nil, 1},
		"wrong password":    {fleettest.SudoPassword, "guess", shell.ErrSudoWrong, 1},
		"nobody to ask":     {fleettest.SudoPassword, "", shell.ErrSudoPassword, 0},
		"not in sudoers":    {fleettest.SudoDenied, fleettest.SudoSecret, shell.ErrSudoDenied, 1},
		"requiretty":        {fleettest.SudoTTY, fleettest.SudoSecret, shell.ErrSudoTTY, 0},
		"shell in password": {fleettest.SudoPassword, "'; exit; $(reboot)", shell.ErrSudoWrong, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := fleettest.StandInSudo(t, c.mode)
			t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
			times := checkSudo(t, shell.Argv(fleet.SudoAuto), c.password, c.want, c.asked)
			tries, _ := os.ReadFile(filepath.Join(dir, "tries"))
			if n := strings.Count(string(tries), "\n"); n != times {
				t.Errorf("%d passwords were tried, want %d", n, times)
			}
		})
	}
}

// TestRealSudo is the same against sudo itself.
func TestRealSudo(t *testing.T) {
	const defaults = "Defaults env_reset, use_pty, timestamp_timeout=0\nDefaults !lecture\n"
	for name, c := range map[string]struct {
		sudoers  string
		password string
		want     error
		asked    int
	}{
		"free":               {"nobody ALL=(ALL) NOPASSWD: ALL", "", nil, 0},
		"free without pty":   {"Defaults !use_pty\nnobody ALL=(ALL) NOPASSWD: ALL", "", nil, 0},
		"password":           {"nobody ALL=(ALL) ALL", fleettest.RealSecret, nil, 1},
		"password, lectured": {"Defaults lecture=always\nnobody ALL=(ALL) ALL", fleettest.RealSecret, nil, 1},
		"wrong password":     {"nobody ALL=(ALL) ALL", "guess", shell.ErrSudoWrong, 1},
		"nobody to ask":      {"nobody ALL=(ALL) ALL", "", shell.ErrSudoPassword, 0},
		"not in sudoers":     {"root ALL=(ALL) ALL", fleettest.RealSecret, shell.ErrSudoDenied, 1},
		"not this command":   {"nobody ALL=(ALL) /bin/false", fleettest.RealSecret, shell.ErrSudoDenied, 1},
		"requiretty":         {"Defaults requiretty\nnobody ALL=(ALL) NOPASSWD: ALL", "", shell.ErrSudoTTY, 0},
	} {
		t.Run(name, func(t *testing.T) {
			argv := append(fleettest.RealSudo(t, defaults+c.sudoers), shell.Argv(fleet.SudoAuto)...)
			checkSudo(t, argv, c.password, c.want, c.asked)
		})
	}
}

func TestSudoWithoutPrivileges(t *testing.T) {
	argv := append(fleettest.RealSudo(t, "nobody ALL=(ALL) NOPASSWD: ALL"), "setpriv", "--no-new-privs")
	checkSudo(t, append(argv, shell.Argv(fleet.SudoAuto)...), "", shell.ErrSudoBroken, 0)
}

func TestNoSudo(t *testing.T) {
	argv := append(fleettest.NoSudo(t), shell.Argv(fleet.SudoAuto)...)
	checkSudo(t, argv, "x", shell.ErrSudoMissing, 0)
}

// checkSudo starts a shell and returns how often the password was asked for.
func checkSudo(t *testing.T, argv []string, password string, want error, wantAsked int) int {
	t.Helper()
	times := 0
	var o shell.Options
	if password != "" {
		o.Password = asked(password, &times)
	}
	pipes, _ := start(t, argv...)
	s, err := shell.Open(t.Context(), pipes, o)
	if !errors.Is(err, want) || times != wantAsked {
		t.Fatalf("got %v and asked %d times; want %v and %d", err, times, want, wantAsked)
	}
	if want != nil {
		if fault.Remedy(err) == "" || password != "" && strings.Contains(err.Error(), password) {
			t.Errorf("error %q with remedy %q", err, fault.Remedy(err))
		}
		t.Logf("%v\n\t%s", err, fault.Remedy(err))
		return times
	}
	// Nothing of the password is left in the stream, and payloads pass through sudo unharmed.
	got, err := s.Run(t.Context(), fleet.Cmd{Script: "cksum", Stdin: zeros{}, Size: 1 << 20})
	if wantSum := cksum(t, strings.Repeat("\x00", 1<<20)); err != nil || got.Stdout != wantSum || got.Stderr != "" {
		t.Errorf("got %+v, %v; want %q", got, err, wantSum)
	}
	if !strings.HasPrefix(t.Name(), "TestStandIn") {
		if got, err := s.Run(t.Context(), fleet.Cmd{Script: "id -u"}); err != nil || got.Stdout != "0\n" {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	must(t, s.Close())
	return times
}
