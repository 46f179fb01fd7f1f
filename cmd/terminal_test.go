package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/fleettest"
	"golang.org/x/sys/unix"
)

// terminal is a command on a pseudo-terminal, as a person sees it.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	mu     sync.Mutex
	seen   bytes.Buffer
	closed chan struct{}
}

// onTerminal runs monctl with all three streams on a new pseudo-terminal that controls it.
func onTerminal(t *testing.T, env []string, args ...string) *terminal {
	t.Helper()
	master, slave := openPTY(t)
	defer slave.Close()
	cmd := exec.Command("monctl", args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), append([]string{"HOME=" + cmd.Dir, "SSH_AUTH_SOCK=", "TERM=xterm", "NO_COLOR=", "MONCTL_FILE="}, env...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, cmd: cmd, master: master, closed: make(chan struct{})}
	go term.read()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = master.Close()
		<-term.closed
	})
	return term
}

func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

func (term *terminal) read() {
	defer close(term.closed)
	buf := make([]byte, 4096)
	for {
		n, err := term.master.Read(buf)
		term.mu.Lock()
		term.seen.Write(buf[:n])
		term.mu.Unlock()
		if err != nil {
			return // the other end is closed
		}
	}
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.String()
}

// waitFor waits until the screen has shown a text.
func (term *terminal) waitFor(text string) {
	term.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(term.text(), text) {
			return
		}
	}
	term.t.Fatalf("never saw %q in:\n%s", text, term.text())
}

// waitForNoEcho waits until what is typed is not shown.
func (term *terminal) waitForNoEcho() {
	term.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if mode, err := unix.IoctlGetTermios(int(term.master.Fd()), unix.TCGETS); err == nil && mode.Lflag&unix.ECHO == 0 {
			return
		}
	}
	term.t.Fatal("what is typed is shown")
}

func (term *terminal) press(keys string) {
	term.t.Helper()
	if _, err := io.WriteString(term.master, keys); err != nil {
		term.t.Fatal(err)
	}
}

// exit waits for the end and returns the exit code.
func (term *terminal) exit() int {
	_ = term.cmd.Wait()
	select {
	case <-term.closed:
	case <-time.After(10 * time.Second):
		term.t.Error("the terminal was not let go of")
	}
	return term.cmd.ProcessState.ExitCode()
}

const escape = "\x1b["

func TestColourIsForTerminalsOnly(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  []string
		args []string
		want bool
	}{
		{"terminal", nil, nil, true},
		{"NO_COLOR", []string{"NO_COLOR=1"}, nil, false},
		{"dumb", []string{"TERM=dumb"}, nil, false},
		{"flag", nil, []string{"--no-color"}, false},
		{"json", nil, []string{"--json"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			term := onTerminal(t, tt.env, append([]string{"catalog"}, tt.args...)...)
			if code := term.exit(); code != 0 {
				t.Fatalf("exit %d", code)
			}
			if got := strings.Contains(term.text(), escape); got != tt.want {
				t.Errorf("escape sequences: %v in %q", got, term.text())
			}
		})
	}
}

// asksForPassword is an inventory of a host that lets in with a password only.
func asksForPassword(t *testing.T) (args []string) {
	t.Helper()
	s := fleettest.Start(t, fleettest.Options{RefuseKeys: true, Password: "open sesame"})
	file := filepath.Join(t.TempDir(), "monctl.yaml")
	text := fmt.Sprintf("hosts:\n  vm1: {address: 127.0.0.1, port: %d, user: tester, key: %s}\ncomponents:\n  node_exporter: {hosts: all}\n", s.Port(), s.Key())
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"status", "-f", file, "--known-hosts", s.KnownHosts(), "--ssh-config", "/dev/null"}
}

func TestPasswordIsAskedWithoutEcho(t *testing.T) {
	term := onTerminal(t, nil, asksForPassword(t)...)
	term.waitFor("password of tester@127.0.0.1")
	term.waitForNoEcho()
	term.press("open sesame\n")
	if code := term.exit(); code != exitChanges {
		t.Errorf("exit %d", code)
	}
	if !strings.Contains(term.text(), "not installed") {
		t.Errorf("no status in:\n%s", term.text())
	}
	if strings.Contains(term.text(), "sesame") {
		t.Error("the password is on the screen")
	}
}

func TestInterruptAtAQuestion(t *testing.T) {
	term := onTerminal(t, nil, asksForPassword(t)...)
	term.waitFor("password of tester@127.0.0.1")
	term.waitForNoEcho()
	term.press("\x03")
	if code := term.exit(); code != exitInterrupted {
		t.Errorf("exit %d:\n%s", code, term.text())
	}
	if !strings.Contains(term.text(), "interrupted") {
		t.Errorf("nothing is said about it:\n%s", term.text())
	}
}

func TestConfirmationOnATerminal(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	args := []string{"trust", "tester@127.0.0.1:" + fmt.Sprint(s.Port()), "--known-hosts", "known", "--ssh-config", "/dev/null"}
	for _, tt := range []struct {
		answer string
		want   int
	}{{"\n", exitRefused}, {"n\n", exitRefused}, {"yes!\n", exitRefused}, {"\x04", exitRefused}, {"y\n", exitDone}, {"YES\n", exitDone}} {
		t.Run(fmt.Sprintf("%q", tt.answer), func(t *testing.T) {
			term := onTerminal(t, nil, args...)
			term.waitFor("[y/N]")
			term.press(tt.answer)
			if code := term.exit(); code != tt.want {
				t.Errorf("exit %d, want %d:\n%s", code, tt.want, term.text())
			}
			_, err := os.Stat(filepath.Join(term.cmd.Dir, "known"))
			if recorded := err == nil; recorded != (tt.want == exitDone) {
				t.Errorf("recorded: %v", recorded)
			}
		})
	}
}
