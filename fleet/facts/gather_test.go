package facts_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/facts"
	"github.com/monctl/monctl/fleet/local"
)

// The machine of the test is asked through a real shell, with every question on.
func TestGatherHere(t *testing.T) {
	conn, err := local.Open(t.Context(), fleet.SudoNever, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	before := time.Now()
	f, err := facts.Gather(t.Context(), conn, facts.Options{
		Listeners: true, Units: []string{"ssh.service", "$(touch /tmp/pwned).service"}, Internet: "127.0.0.1:1",
		Paths: []string{"/", "/no/such place"},
	})
	if err != nil {
		t.Fatal(err)
	}
	hostname, _ := os.Hostname()
	if f.Hostname != hostname || f.UID != os.Geteuid() || f.Machine == "" || f.Bits == 0 || f.BootID == "" || f.CPUs == 0 {
		t.Errorf("have %+v", f)
	}
	if f.Memory.Total == 0 || f.Clock.Uptime <= 0 || f.Systemd.PID1 == facts.Unknown {
		t.Errorf("have %+v", f)
	}
	if len(f.Disks) != 1 || f.Disks[0].Mount != "/" || f.Disks[0].Total < f.Disks[0].Avail || f.Disks[0].Total == 0 {
		t.Errorf("disks %+v", f.Disks)
	}
	if f.Clock.Time.Before(before) || f.Clock.Time.After(time.Now()) || f.Clock.Received.Before(f.Clock.Sent) {
		t.Errorf("clock %+v", f.Clock)
	}
	if !strings.HasSuffix(f.Tools["tar"], "/tar") || !f.ListenersRead {
		t.Errorf("tools %v, listeners read: %v", f.Tools, f.ListenersRead)
	}
	if _, err := os.Stat("/tmp/pwned"); err == nil {
		t.Error("a unit name was run by the shell")
	}
}

// A shell of every kind at hand gives the same facts.
func TestScriptInShells(t *testing.T) {
	for _, shell := range [][]string{{"dash"}, {"bash", "--posix"}, {"busybox", "sh"}, {"ksh"}} {
		if _, err := exec.LookPath(shell[0]); err != nil {
			continue // sh itself is covered above
		}
		cmd := exec.Command(shell[0], append(shell[1:], "-s")...)
		cmd.Stdin = strings.NewReader(facts.Script(facts.Options{Listeners: true}))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v", shell, err)
		}
		f, err := facts.Parse(string(out))
		if err != nil || f.Bits == 0 || len(f.Disks) == 0 || f.OS.ID == "" || !f.ListenersRead {
			t.Errorf("%v: %+v, %v", shell, f, err)
		}
	}
}
