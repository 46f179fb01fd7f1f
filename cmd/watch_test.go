package cmd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock/clocktest"
	"github.com/monctl/monctl/fleet/fleettest"
)

// shifted is a host on loopback whose programs are shown a time that libfaketime shifts by what a file says.
type shifted struct {
	*fleettest.Server
	t    *testing.T
	file string
}

func startShifted(t *testing.T) shifted {
	t.Helper()
	library, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(library) == 0 {
		t.Skip("libfaketime is not installed (apt install faketime)")
	}
	s := shifted{t: t, file: filepath.Join(t.TempDir(), "shift")}
	s.by("+0")
	s.Server = fleettest.Start(t, fleettest.Options{Env: []string{
		"LD_PRELOAD=" + library[0], "FAKETIME_TIMESTAMP_FILE=" + s.file, "FAKETIME_NO_CACHE=1", "NO_FAKE_STAT=1", "DONT_FAKE_MONOTONIC=1",
	}})
	return s
}

// by shifts the host's time, "+100" by so many seconds.
func (s shifted) by(shift string) {
	s.t.Helper()
	if err := os.WriteFile(s.file+".new", []byte(shift+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(s.file+".new", s.file); err != nil {
		s.t.Fatal(err)
	}
}

func (s shifted) args(ntp string) []string {
	return []string{
		"doctor", "--only", "clock/offset", "--watch", "1", "--timeout", "2s", "--ntp", ntp, "--ssh-config", "/dev/null", "--known-hosts", s.KnownHosts(),
		"--key", s.Key(), fmt.Sprintf("tester@127.0.0.1:%d", s.Port()),
	}
}

// TestWatch changes a host's clock under the eyes of doctor --watch: what changed is printed, once, and nothing else.
func TestWatch(t *testing.T) {
	host := startShifted(t)
	ntp := clocktest.Start(t, clocktest.Says{})
	term := onTerminal(t, nil, host.args(ntp.Address())...)
	term.waitFor("all is well")
	quiet := len(term.text())
	time.Sleep(2500 * time.Millisecond) // at least one look that finds the same
	if more := term.text()[quiet:]; more != "" {
		t.Errorf("nothing changed, and it printed %q", more)
	}
	host.by("+100")
	term.waitFor("the clock is 100.0")
	quiet = len(term.text())
	host.by("+0")
	term.waitFor("well again: the clock is 100.0")
	if n := strings.Count(term.text()[quiet:], "the clock is 100.0"); n > 2 { // a shorter time in between may be another level
		t.Errorf("the same is said %d times:\n%s", n, term.text())
	}
	host.Freeze()
	term.waitFor("cannot be examined any more")
	term.press("\x03")
	if code := term.exit(); code != exitInterrupted {
		t.Errorf("exit %d, want %d:\n%s", code, exitInterrupted, term.text())
	}
	if n := ntp.Asked(); n != 1 {
		t.Errorf("the NTP server was asked %d times within a minute, want once", n)
	}
}

// TestWatchJSON wants one object a line, a change as one, and the summary last.
func TestWatchJSON(t *testing.T) {
	host := startShifted(t)
	cmd := exec.Command("monctl", append(host.args(""), "--json")...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "SSH_AUTH_SOCK=", "MONCTL_FILE=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var o struct {
			Type    string
			Gone    bool
			Exit    int
			Finding struct{ Check, Title string }
		}
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		kinds = append(kinds, o.Type)
		switch {
		case o.Type == "result":
			host.by("+100")
		case o.Type == "change" && !o.Gone:
			if o.Finding.Check != "clock/offset" || !strings.Contains(o.Finding.Title, "100.0") {
				t.Errorf("got %s", lines.Text())
			}
			_ = cmd.Process.Signal(syscall.SIGINT)
		case o.Type == "summary" && o.Exit != exitInterrupted:
			t.Errorf("got %s", lines.Text())
		}
	}
	_ = cmd.Wait()
	if got := strings.Join(kinds, " "); got != "clock result change summary" || cmd.ProcessState.ExitCode() != exitInterrupted {
		t.Errorf("exit %d, printed %q\n%s", cmd.ProcessState.ExitCode(), got, stderr.String())
	}
}
