package facts_test

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
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
		Listeners: true, Units: []string{"ssh.service"}, Internet: "127.0.0.1:1",
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
}

// Nothing that a caller passes is run by the shell, not even through eval.
func TestWordsAreNotRun(t *testing.T) {
	proof := filepath.Join(t.TempDir(), "proof")
	for _, evil := range []string{"$(touch " + proof + ")", "`touch " + proof + "`", "x; touch " + proof, "'; touch " + proof + "; '", `"; touch ` + proof + `; "`} {
		out := run(t, facts.Script(facts.Options{Paths: []string{evil}, Units: []string{evil}, Internet: evil + ":80"}))
		if _, err := os.Stat(proof); err == nil {
			t.Fatalf("%s was run", evil)
		}
		if _, err := facts.Parse(out); err != nil {
			t.Errorf("%s: %v", evil, err)
		}
	}
}

// run gives a script to sh and returns what it prints.
func run(t *testing.T, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-s")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Both ways to find who listens find this process, with and without ss.
func TestListenersOfThisProcess(t *testing.T) {
	want := map[netip.AddrPort]bool{}
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Logf("no %s here: %v", address, err)
			continue
		}
		defer listener.Close()
		want[listener.Addr().(*net.TCPAddr).AddrPort()] = true
	}
	script := facts.Script(facts.Options{Listeners: true})
	ways := map[string]string{"proc": strings.ReplaceAll(script, "command -v ss ", "false ")}
	if _, err := exec.LookPath("ss"); err == nil {
		ways["ss"] = script
	}
	for name, script := range ways {
		f, err := facts.Parse(run(t, script))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, l := range f.Listeners {
			if want[l.Address] && l.PID == os.Getpid() && strings.HasPrefix(l.Command, os.Args[0]) && l.Process != "" {
				found++
			}
		}
		if found != len(want) || !f.ListenersRead {
			t.Errorf("%s: found %d of %v in %+v", name, found, want, f.Listeners)
		}
	}
}

func TestInternet(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	ask := func() facts.Tri {
		f, err := facts.Parse(run(t, facts.Script(facts.Options{Internet: address})))
		if err != nil {
			t.Fatal(err)
		}
		return f.Internet
	}
	if _, err := exec.LookPath("bash"); err == nil && ask() != facts.Yes {
		t.Error("an open port is not reachable")
	}
	listener.Close()
	if have := ask(); have == facts.Yes {
		t.Error("a closed port is reachable")
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
