package local_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/local"
	"github.com/monctl/monctl/fleet/shell"
)

func open(t testing.TB) fleet.Conn {
	t.Helper()
	c, err := local.Open(t.Context(), fleet.SudoNever, local.Options{})
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRun(t *testing.T) {
	cmd := fleet.Cmd{Script: "cat; umask; pwd; echo oops >&2; exit 3", Stdin: strings.NewReader("payload\n"), Size: 8}
	got, err := open(t).Run(t.Context(), cmd)
	want := fleet.Result{Stdout: "payload\n0022\n/\n", Stderr: "oops\n", Exit: 3}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestDial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.WriteString(c, "hello")
			_ = c.Close()
		}
	}()
	c, err := open(t).Dial(t.Context(), "tcp", l.Addr().String())
	must(t, err)
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestOwnProcessGroup: what is typed at the terminal of monctl does not reach the script.
func TestOwnProcessGroup(t *testing.T) {
	got, err := open(t).Run(t.Context(), fleet.Cmd{Script: "ps -o pgid= -p $$"})
	must(t, err)
	if group := strings.TrimSpace(got.Stdout); group == "" || group == strconv.Itoa(syscall.Getpgrp()) {
		t.Errorf("process group %q", group)
	}
}

func TestCloseEndsABusyShell(t *testing.T) {
	c := open(t)
	started := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Run(t.Context(), fleet.Cmd{Script: "sleep 300 & echo $!; wait", OnLine: func(pid string) { started <- pid }})
		ended <- err
	}()
	pid := <-started
	must(t, c.Close())
	if err := <-ended; !errors.Is(err, shell.ErrEnded) {
		t.Errorf("got %v", err)
	}
	if !eventually(func() bool { _, err := os.Stat("/proc/" + pid); return err != nil }) {
		t.Error("what the script started still runs")
	}
}

// TestHarmlessEndsAtOnce: what changes nothing is given no time to end by itself, even where it will not hear of the end. Others would
// have two seconds; of a machine that is busy, the fastest of some tries counts.
func TestHarmlessEndsAtOnce(t *testing.T) {
	fastest := time.Hour
	for try := 0; try < 5 && fastest > time.Second; try++ {
		fastest = min(fastest, endOfHarmless(t))
	}
	if fastest > time.Second {
		t.Errorf("it took %s", fastest)
	}
}

// endOfHarmless is how long a shell that ignores SIGTERM is there after its context has ended.
func endOfHarmless(t *testing.T) time.Duration {
	c, err := local.Open(t.Context(), fleet.SudoNever, local.Options{Harmless: true})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var pid string
	var begin time.Time
	_, err = c.Run(ctx, fleet.Cmd{Script: "trap '' TERM; sleep 300 & echo $!; wait; wait", OnLine: func(line string) { pid, begin = line, time.Now(); cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	must(t, c.Close())
	took := time.Since(begin)
	if !eventually(func() bool { _, err := os.Stat("/proc/" + pid); return err != nil }) {
		t.Error("what the script started still runs")
	}
	return took
}

// TestBackground: what a script leaves behind on purpose, in a session of its own, outlives the connection and does not
// hold up Close.
func TestBackground(t *testing.T) {
	c := open(t)
	got, err := c.Run(t.Context(), fleet.Cmd{Script: "setsid sleep 300 & echo $!"})
	must(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(got.Stdout))
	must(t, err)
	begin := time.Now()
	must(t, c.Close())
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("Close took %s", took)
	}
	must(t, syscall.Kill(pid, syscall.SIGKILL))
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := open(t).Run(ctx, fleet.Cmd{Script: "echo up; sleep 300", OnLine: func(string) { cancel() }}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSudo(t *testing.T) {
	for password, want := range map[string]error{fleettest.SudoSecret: nil, "guess": shell.ErrSudoWrong} {
		dir := fleettest.StandInSudo(t, fleettest.SudoPassword)
		t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
		c, err := local.Open(t.Context(), fleet.SudoAuto, local.Options{Password: func(context.Context) (string, error) { return password, nil }})
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", password, err, want)
		}
		if err == nil {
			must(t, c.Close())
		}
		if tries, _ := os.ReadFile(filepath.Join(dir, "tries")); string(tries) != "1\n" {
			t.Errorf("%s: tries %q", password, tries)
		}
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

func BenchmarkRun(b *testing.B) {
	c := open(b)
	for b.Loop() {
		if _, err := c.Run(b.Context(), fleet.Cmd{Script: "echo hi"}); err != nil {
			b.Fatal(err)
		}
	}
}

// zeros is an endless payload.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func BenchmarkPayload(b *testing.B) {
	c := open(b)
	const size = 100 << 20
	b.SetBytes(size)
	for b.Loop() {
		if _, err := c.Run(b.Context(), fleet.Cmd{Script: "cat >/dev/null", Stdin: zeros{}, Size: size}); err != nil {
			b.Fatal(err)
		}
	}
}
