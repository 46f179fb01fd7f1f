package shell_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/shell"
)

// start runs argv as the process behind a session.
func start(t testing.TB, argv ...string) (shell.Pipes, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	stderr, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	kill := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	t.Cleanup(func() {
		kill()
		_ = cmd.Wait()
	})
	end := func() error { return errors.Join(stdin.Close(), stdout.Close(), stderr.Close()) }
	return shell.Pipes{Stdin: stdin, Stdout: stdout, Stderr: stderr, Close: end}, cmd
}

func open(t testing.TB, sh string) (*shell.Session, *exec.Cmd) {
	t.Helper()
	pipes, cmd := start(t, sh, "-c", shell.Bootstrap)
	s, err := shell.Open(t.Context(), pipes, shell.Options{})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s, cmd
}

// eachShell runs a test with every shell that may be a host's sh.
func eachShell(t *testing.T, test func(t *testing.T, sh string)) {
	for _, sh := range []string{"sh", "dash", "bash"} {
		t.Run(sh, func(t *testing.T) {
			if _, err := exec.LookPath(sh); err != nil {
				t.Skipf("%s is not installed", sh)
			}
			t.Parallel()
			test(t, sh)
		})
	}
}

func TestFrames(t *testing.T) {
	payload := strings.Repeat("0123456789\x00\n", 30_000)
	long := strings.Repeat("x", 100_000)
	for name, c := range map[string]struct {
		cmd   fleet.Cmd
		want  fleet.Result
		lines []string
	}{
		"nothing":        {cmd: fleet.Cmd{Script: ""}},
		"one line":       {cmd: fleet.Cmd{Script: "echo a"}, want: fleet.Result{Stdout: "a\n"}, lines: []string{"a"}},
		"no newline":     {cmd: fleet.Cmd{Script: "printf a; printf b >&2"}, want: fleet.Result{Stdout: "a", Stderr: "b"}, lines: []string{"a"}},
		"newline only":   {cmd: fleet.Cmd{Script: "echo; echo >&2"}, want: fleet.Result{Stdout: "\n", Stderr: "\n"}, lines: []string{""}},
		"empty lines":    {cmd: fleet.Cmd{Script: `printf '\n\na\n\n\nb'`}, want: fleet.Result{Stdout: "\n\na\n\n\nb"}, lines: []string{"", "", "a", "", "", "b"}},
		"trailing empty": {cmd: fleet.Cmd{Script: `printf 'a\n\n'`}, want: fleet.Result{Stdout: "a\n\n"}, lines: []string{"a", ""}},
		"exit":           {cmd: fleet.Cmd{Script: "exit 7"}, want: fleet.Result{Exit: 7}},
		"failing last":   {cmd: fleet.Cmd{Script: "false"}, want: fleet.Result{Exit: 1}},
		"killed":         {cmd: fleet.Cmd{Script: "{ sh -c 'kill -9 $$'; } 2>/dev/null"}, want: fleet.Result{Exit: 137}},
		"set -e":         {cmd: fleet.Cmd{Script: "set -e; false; echo never"}, want: fleet.Result{Exit: 1}},
		"set -e payload": {cmd: fleet.Cmd{Script: "set -e; false; echo never", Stdin: strings.NewReader("x"), Size: 1}, want: fleet.Result{Exit: 1}},
		"stdin is empty": {cmd: fleet.Cmd{Script: "cat; echo $?"}, want: fleet.Result{Stdout: "0\n"}, lines: []string{"0"}},
		"streams closed": {cmd: fleet.Cmd{Script: "exec >&- 2>&- <&-; exit 4"}, want: fleet.Result{Exit: 4}},
		"comment last":   {cmd: fleet.Cmd{Script: "echo a # b"}, want: fleet.Result{Stdout: "a\n"}, lines: []string{"a"}},
		"here document":  {cmd: fleet.Cmd{Script: "cat <<'EOF'\na 'b' $c\nEOF"}, want: fleet.Result{Stdout: "a 'b' $c\n"}, lines: []string{"a 'b' $c"}},
		"bytes":          {cmd: fleet.Cmd{Script: `printf 'a\000\377é\r\n'`}, want: fleet.Result{Stdout: "a\x00\xffé\r\n"}, lines: []string{"a\x00\xffé\r"}},
		"quotes":         {cmd: fleet.Cmd{Script: "printf '%s' " + fleet.Quote(`a'b"c\d$e!`)}, want: fleet.Result{Stdout: `a'b"c\d$e!`}, lines: []string{`a'b"c\d$e!`}},
		"long line":      {cmd: fleet.Cmd{Script: "printf %0100000d 0 | tr 0 x"}, want: fleet.Result{Stdout: long}, lines: []string{long}},
		"long script":    {cmd: fleet.Cmd{Script: strings.Repeat("# padding to make it long\n", 20_000) + "echo end"}, want: fleet.Result{Stdout: "end\n"}, lines: []string{"end"}},
		"payload":        {cmd: fleet.Cmd{Script: "cksum; echo $?", Stdin: strings.NewReader(payload), Size: int64(len(payload))}, want: fleet.Result{Stdout: cksum(t, payload) + "0\n"}, lines: []string{strings.TrimSpace(cksum(t, payload)), "0"}},
		"payload unread": {cmd: fleet.Cmd{Script: "exit 5", Stdin: strings.NewReader(payload), Size: int64(len(payload))}, want: fleet.Result{Exit: 5}},
		"payload part":   {cmd: fleet.Cmd{Script: "head -c 10", Stdin: strings.NewReader(payload), Size: int64(len(payload))}, want: fleet.Result{Stdout: "0123456789"}, lines: []string{"0123456789"}},
		"payload closed": {cmd: fleet.Cmd{Script: "exec <&-", Stdin: strings.NewReader(payload), Size: int64(len(payload))}},
		"payload empty":  {cmd: fleet.Cmd{Script: "wc -c | tr -d ' '", Stdin: strings.NewReader(""), Size: 0}, want: fleet.Result{Stdout: "0\n"}, lines: []string{"0"}},
		"payload longer": {cmd: fleet.Cmd{Script: "cat", Stdin: strings.NewReader("abcdef"), Size: 3}, want: fleet.Result{Stdout: "abc"}, lines: []string{"abc"}},
		"environment":    {cmd: fleet.Cmd{Script: "umask; pwd; echo $LC_ALL; command -v useradd >/dev/null || echo no sbin"}, want: fleet.Result{Stdout: "0022\n/\nC\n"}, lines: []string{"0022", "/", "C"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachShell(t, func(t *testing.T, sh string) {
				s, _ := open(t, sh)
				cmd := c.cmd
				if r, ok := cmd.Stdin.(*strings.Reader); ok { // shared by the shells
					again := *r
					cmd.Stdin = &again
				}
				var lines []string
				cmd.OnLine = func(l string) { lines = append(lines, l) }
				got, err := s.Run(t.Context(), cmd)
				if err != nil || got != c.want || !slices.Equal(lines, c.lines) {
					t.Errorf("got %.200q %.200q, %v; want %.200q %.200q", fmt.Sprint(got), lines, err, fmt.Sprint(c.want), c.lines)
				}
				// The shell is still in step.
				if got, err := s.Run(t.Context(), fleet.Cmd{Script: "echo after"}); err != nil || got.Stdout != "after\n" {
					t.Errorf("then: got %+v, %v", got, err)
				}
			})
		})
	}
}

func cksum(t *testing.T, s string) string {
	t.Helper()
	cmd := exec.Command("cksum")
	cmd.Stdin = strings.NewReader(s)
	out, err := cmd.Output()
	must(t, err)
	return string(out)
}

func TestSyntaxErrorLeavesTheShell(t *testing.T) {
	eachShell(t, func(t *testing.T, sh string) {
		s, _ := open(t, sh)
		for _, keep := range []bool{false, true} {
			got, err := s.Run(t.Context(), fleet.Cmd{Script: "if true; do", Keep: keep})
			if err != nil || got.Exit == 0 || got.Stderr == "" {
				t.Errorf("keep %v: got %+v, %v", keep, got, err)
			}
		}
		if got, err := s.Run(t.Context(), fleet.Cmd{Script: "echo ok"}); err != nil || got.Stdout != "ok\n" {
			t.Errorf("then: got %+v, %v", got, err)
		}
	})
}

func TestKeepHoldsALock(t *testing.T) {
	eachShell(t, func(t *testing.T, sh string) {
		lock := filepath.Join(t.TempDir(), "lock")
		take := fleet.Cmd{Keep: true, Script: "exec 9>" + fleet.Quote(lock) + " && flock -n 9 && echo mine"}
		first, process := open(t, sh)
		second, _ := open(t, sh)
		if got, err := first.Run(t.Context(), take); err != nil || got.Stdout != "mine\n" {
			t.Fatalf("first: got %+v, %v", got, err)
		}
		if got, err := first.Run(t.Context(), fleet.Cmd{Script: "echo between"}); err != nil || got.Stdout != "between\n" {
			t.Fatalf("between: got %+v, %v", got, err)
		}
		if got, err := second.Run(t.Context(), take); err != nil || got.Exit == 0 {
			t.Fatalf("second while held: got %+v, %v", got, err)
		}
		must(t, first.Close())
		_ = process.Wait()
		if got, err := second.Run(t.Context(), take); err != nil || got.Stdout != "mine\n" {
			t.Fatalf("second after the end of the first: got %+v, %v", got, err)
		}
	})
}

func TestKeepFailureLeavesTheShell(t *testing.T) {
	eachShell(t, func(t *testing.T, sh string) {
		s, _ := open(t, sh)
		got, err := s.Run(t.Context(), fleet.Cmd{Keep: true, Script: "exec 9>/nonexistent/lock && echo mine"})
		if err != nil || got.Exit == 0 || got.Stdout != "" {
			t.Fatalf("got %+v, %v", got, err)
		}
		if got, err := s.Run(t.Context(), fleet.Cmd{Script: "echo ok"}); err != nil || got.Stdout != "ok\n" {
			t.Fatalf("then: got %+v, %v", got, err)
		}
	})
}

// TestHeartbeat: the beats are not seen in what scripts print, even when they cut a line in two; they hold no lock and end
// with the shell.
func TestHeartbeat(t *testing.T) {
	eachShell(t, func(t *testing.T, sh string) {
		s, process := open(t, sh)
		lock := filepath.Join(t.TempDir(), "lock")
		keep := "exec 9>" + fleet.Quote(lock) + "; flock -n 9; monctl_heartbeat 0.01; echo $monctl_pulse"
		got, err := s.Run(t.Context(), fleet.Cmd{Keep: true, Script: keep})
		must(t, err)
		pulse := "/proc/" + strings.TrimSpace(got.Stdout)
		if _, err := os.Stat(pulse); err != nil {
			t.Fatal("no heartbeat runs")
		}
		if !eventually(func() bool { _, err := os.Stat(pulse + "/fd/9"); return err != nil }) {
			t.Error("the heartbeat holds the lock")
		}
		var want strings.Builder
		script := ""
		for i := range 10 {
			script += fmt.Sprintf("printf 'begin %d' >&2; sleep 0.03; echo ' end' >&2\n", i)
			fmt.Fprintf(&want, "begin %d end\n", i)
		}
		if got, err = s.Run(t.Context(), fleet.Cmd{Script: script}); err != nil || got.Stderr != want.String() {
			t.Errorf("got %q, %v; want %q", got.Stderr, err, want.String())
		}
		must(t, s.Close())
		_ = process.Wait()
		if !eventually(func() bool { _, err := os.Stat(pulse); return err != nil }) {
			t.Error("the heartbeat outlives the shell")
		}
	})
}

// TestHeartbeatEndsABrokenShell: when nobody reads any more, the heartbeat ends by itself.
func TestHeartbeatEndsWhenNobodyReads(t *testing.T) {
	s, _ := open(t, "sh")
	got, err := s.Run(t.Context(), fleet.Cmd{Keep: true, Script: "monctl_heartbeat 0.01; echo $monctl_pulse"})
	must(t, err)
	running := filepath.Join(t.TempDir(), "running")
	go func() { _, _ = s.Run(t.Context(), fleet.Cmd{Script: "touch " + fleet.Quote(running) + "; sleep 60"}) }()
	if !eventually(func() bool { _, err := os.Stat(running); return err == nil }) {
		t.Fatal("script does not run")
	}
	must(t, s.Close()) // the shell is busy for a minute and cannot see it
	if !eventually(func() bool { _, err := os.Stat("/proc/" + strings.TrimSpace(got.Stdout)); return err != nil }) {
		t.Error("the heartbeat goes on with nobody listening")
	}
}

func TestHalfAScriptIsNeverRun(t *testing.T) {
	eachShell(t, func(t *testing.T, sh string) {
		pipes, process := start(t, sh, "-c", shell.Bootstrap)
		mark := filepath.Join(t.TempDir(), "mark")
		cut := &cutter{WriteCloser: pipes.Stdin.(io.WriteCloser), at: "rm -rf /nonexistent"}
		pipes.Stdin = cut
		s, err := shell.Open(t.Context(), pipes, shell.Options{})
		must(t, err)
		script := "touch " + fleet.Quote(mark) + "\nrm -rf /nonexistent/x"
		if _, err = s.Run(t.Context(), fleet.Cmd{Script: script}); !errors.Is(err, shell.ErrEnded) {
			t.Errorf("got %v", err)
		}
		_ = process.Wait()
		if _, err := os.Stat(mark); err == nil {
			t.Error("half a script was run")
		}
	})
}

// cutter loses the link in the middle of a write.
type cutter struct {
	io.WriteCloser
	at string
}

func (c *cutter) Write(p []byte) (int, error) {
	if i := strings.Index(string(p), c.at); i >= 0 {
		n, _ := c.WriteCloser.Write(p[:i])
		_ = c.Close()
		return n, syscall.EPIPE
	}
	return c.WriteCloser.Write(p)
}

func TestPayloadFaults(t *testing.T) {
	broken := errors.New("disk on fire")
	for name, c := range map[string]struct {
		cmd  fleet.Cmd
		want error
	}{
		"short":    {fleet.Cmd{Stdin: strings.NewReader("abc"), Size: 10}, io.ErrUnexpectedEOF},
		"unread":   {fleet.Cmd{Stdin: io.MultiReader(strings.NewReader("abc"), failing{broken}), Size: 1 << 20}, broken},
		"no stdin": {fleet.Cmd{Size: 10}, nil},
		"kept":     {fleet.Cmd{Stdin: strings.NewReader("abc"), Size: 3, Keep: true}, nil},
		"NUL":      {fleet.Cmd{Script: "echo \x00"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := open(t, "sh")
			if c.cmd.Script == "" {
				c.cmd.Script = "cat >/dev/null"
			}
			_, err := s.Run(t.Context(), c.cmd)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			got, err := s.Run(t.Context(), fleet.Cmd{Script: "echo ok"})
			if closed := err != nil; closed != (c.want != nil) {
				t.Errorf("then: got %+v, %v; want the session closed: %v", got, err, c.want != nil)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestTooMuchOutput(t *testing.T) {
	s, _ := open(t, "sh")
	for _, to := range []string{"1"} {
		_, err := s.Run(t.Context(), fleet.Cmd{Script: "cat /dev/zero >&" + to})
		if err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
			t.Errorf("got %v", err)
		}
	}
}

func TestCancel(t *testing.T) {
	s, _ := open(t, "sh")
	ctx, cancel := context.WithCancel(t.Context())
	running := make(chan struct{})
	go func() {
		<-running
		cancel()
	}()
	_, err := s.Run(ctx, fleet.Cmd{Script: "echo up; sleep 60", OnLine: func(string) { close(running) }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err = s.Run(t.Context(), fleet.Cmd{Script: "echo ok"}); err == nil {
		t.Error("the session is still open")
	}
}

// TestCancelWhileWaiting: nothing was run, so the session stays open.
func TestCancelWhileWaiting(t *testing.T) {
	s, _ := open(t, "sh")
	gate, inside := filepath.Join(t.TempDir(), "gate"), make(chan struct{})
	must(t, syscall.Mkfifo(gate, 0o600))
	first := make(chan error, 1)
	go func() {
		_, err := s.Run(t.Context(), fleet.Cmd{Script: "echo up; cat " + fleet.Quote(gate), OnLine: func(string) { close(inside) }})
		first <- err
	}()
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Run(ctx, fleet.Cmd{Script: "echo never"}); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting: got %v", err)
	}
	must(t, os.WriteFile(gate, nil, 0o600))
	if err := <-first; err != nil {
		t.Errorf("running: got %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	s, _ := open(t, "sh")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			want := fmt.Sprintln(i)
			got, err := s.Run(t.Context(), fleet.Cmd{Script: "cat", Stdin: strings.NewReader(want), Size: int64(len(want))})
			if err != nil || got.Stdout != want {
				t.Errorf("got %+v, %v; want %q", got, err, want)
			}
		})
	}
	wg.Wait()
}

func TestShellDies(t *testing.T) {
	s, _ := open(t, "sh")
	_, err := s.Run(t.Context(), fleet.Cmd{Script: "echo last words >&2; kill -9 $$"})
	if !errors.Is(err, shell.ErrEnded) || !strings.Contains(err.Error(), "last words") {
		t.Errorf("got %v", err)
	}
}

func TestProgress(t *testing.T) {
	s, _ := open(t, "sh")
	const size = 1 << 20
	var last int64
	_, err := s.Run(t.Context(), fleet.Cmd{Script: "cat >/dev/null", Stdin: zeros{}, Size: size, OnSent: func(n int64) {
		if n <= last {
			t.Errorf("%d after %d", n, last)
		}
		last = n
	}})
	if err != nil || last != size {
		t.Errorf("%d bytes reported, %v", last, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

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
