package clock_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// measure runs the script with a real sh and holds the conversation over pipes.
func measure(t *testing.T, env ...string) clock.Reading {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", clock.Script)
	cmd.Env = env
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	x := clock.NewExchange(clock.NewWatch())
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			x.Hear(lines.Text())
		}
	}()
	must(t, x.Talk(t.Context(), stdin))
	_, _ = io.WriteString(stdin, ".\n")
	_ = stdin.Close()
	_ = cmd.Wait()
	return x.Reading()
}

// onlyWith makes a PATH with one reader in it.
func onlyWith(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	program, tool := name, name
	if name == "busybox" {
		tool = "date"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed", program)
	}
	if real, err := exec.Command(path, "-c", "import sys; print(sys.executable)").Output(); name == "python3" && err == nil {
		path = string(real[:len(real)-1]) // a version manager's shim needs more programs than one
	}
	must(t, os.Symlink(path, filepath.Join(dir, tool)))
	return "PATH=" + dir
}

// TestReaders measures this machine's clock against itself with each reader: zero must be within the bound.
func TestReaders(t *testing.T) {
	for name, c := range map[string]struct {
		reader string
		bound  time.Duration // generous: the machine may be busy
	}{
		"perl":    {"perl", 20 * time.Millisecond},
		"bash":    {"bash", 20 * time.Millisecond},
		"python3": {"python", 20 * time.Millisecond},
		"date":    {"date", 50 * time.Millisecond},
		"busybox": {"date", 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			r := measure(t, onlyWith(t, name))
			t.Logf("%v ± %v with %d samples in %v", r.Offset.Value(), r.Offset.Bound(), r.Samples, time.Since(began))
			if !r.Known || r.Reader != c.reader || r.Stepped {
				t.Fatalf("got %+v", r)
			}
			if r.Offset.Low > 0 || r.Offset.High < 0 {
				t.Errorf("0 is not within %v ± %v", r.Offset.Value(), r.Offset.Bound())
			}
			if r.Offset.Bound() > c.bound {
				t.Errorf("bound %v, want at most %v", r.Offset.Bound(), c.bound)
			}
		})
	}
}

// TestShifted measures a clock that libfaketime shifts.
func TestShifted(t *testing.T) {
	found, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(found) == 0 {
		t.Skip("libfaketime is not installed (apt install faketime)")
	}
	r := measure(t, onlyWith(t, "perl"), "LD_PRELOAD="+found[0], "FAKETIME=+31768", "NO_FAKE_STAT=1")
	want := 31768 * time.Second
	if !r.Known || r.Offset.Low > want || r.Offset.High < want || r.Offset.Bound() > 50*time.Millisecond {
		t.Errorf("got %v ± %v, want %v: %+v", r.Offset.Value(), r.Offset.Bound(), want, r)
	}
}

// TestBrokenReaders has hosts that answer something else, nothing, or stop in the middle.
func TestBrokenReaders(t *testing.T) {
	for name, script := range map[string]string{
		"garbage":       "echo reader date; while read -r l; do echo '\x01\xff%%'; done",
		"another shell": "echo 'Welcome to the menu'; cat",
		"silent end":    "exit 0",
		"negative":      "echo reader date; read -r l; echo -5",
		"far future":    "echo reader date; read -r l; echo 99999999999999999",
		"ends early":    "echo reader date; read -r l; exit 1",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "perl"), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
			r := measureEnding(t, dir)
			if r.Known || r.Err == "" {
				t.Errorf("got %+v, want an error", r)
			}
		})
	}
}

// measureEnding is measure where the end of the script ends the conversation, as a fleet.Conn does it.
func measureEnding(t *testing.T, dir string) clock.Reading {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "perl")
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin"}
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	x := clock.NewExchange(clock.NewWatch())
	ctx, ended := contextOf(t)
	go func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			x.Hear(lines.Text())
		}
		ended()
	}()
	must(t, x.Talk(ctx, stdin))
	_ = stdin.Close()
	_ = cmd.Wait()
	return x.Reading()
}
