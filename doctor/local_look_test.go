package doctor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/local"
)

// TestLookAtRealPrograms starts real programs with real faults on this machine and looks at it as at any host. Other
// programs of the kind may run here, too: only what was started here counts.
func TestLookAtRealPrograms(t *testing.T) {
	node, err := exec.LookPath("prometheus-node-exporter")
	if err != nil {
		t.Skip("no prometheus-node-exporter here (package prometheus-node-exporter)")
	}
	if os.Getuid() != 0 {
		t.Skip("needs root to see processes and sockets")
	}
	dir := enterable(t)
	program := filepath.Join(dir, "node_exporter")
	copyFile(t, node, program)
	var pids []int
	for range 2 {
		cmd := exec.Command(program, "--web.listen-address=127.0.0.1:"+freePort(t), "--collector.textfile.directory="+dir)
		cmd.Dir = dir
		startReal(t, cmd)
		pids = append(pids, cmd.Process.Pid)
	}
	mysqld := ""
	if program, err := exec.LookPath("prometheus-mysqld-exporter"); err == nil {
		file := filepath.Join(dir, "my.cnf")
		if err := os.WriteFile(file, []byte("[client]\nuser=exporter\npassword=sesame\nport=1\nhost=127.0.0.1\n"), 0o644); err != nil { //nolint:gosec
			t.Fatal(err)
		}
		mysqld = freePort(t)
		startReal(t, exec.Command(program, "--config.my-cnf="+file, "--web.listen-address=127.0.0.1:"+mysqld))
		waitFor(t, "http://127.0.0.1:"+mysqld+"/metrics")
	}
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	f := Look(t.Context(), Options{
		Hosts: []Target{{Host: fleet.Host{Name: "here", Address: "127.0.0.1"}}},
		Dial: func(ctx context.Context, _ fleet.Host) (fleet.Conn, error) {
			return local.Open(ctx, fleet.SudoNever, local.Options{})
		},
		Checks: ours(), Settings: Default(),
	})
	if len(f.Hosts) != 1 {
		t.Fatalf("lost: %+v", f.Lost)
	}
	for id, a := range f.Hosts[0].Probes {
		if a.Err != "" && !strings.Contains(a.Err, "was not run") {
			t.Errorf("probe of %s: %s", id, a.Err)
		}
	}
	findings := Judge(f, ours()).Findings
	name := func(pid int) string {
		i := slices.IndexFunc(f.Hosts[0].Components, func(c Component) bool { return c.Process.PID == pid })
		if i < 0 {
			t.Fatalf("process %d was not found", pid)
		}
		return f.Hosts[0].Components[i].Name
	}
	wants := []struct{ check, component, says string }{
		{"install/stale-binary", name(pids[0]), "was replaced or removed"},
		{"install/by-hand", name(pids[1]), "started by hand"},
		{"security/root", name(pids[0]), "runs as root"},
		{"install/two-copies", "", "copies of node_exporter"},
	}
	if mysqld != "" {
		i := slices.IndexFunc(f.Hosts[0].Components, func(c Component) bool { return strings.HasSuffix(c.Base, ":"+mysqld) })
		if i < 0 {
			t.Fatal("the mysqld_exporter was not found on port " + mysqld)
		}
		wants = append(wants, struct{ check, component, says string }{"mysqld/up", f.Hosts[0].Components[i].Name, "does not get into MySQL"},
			struct{ check, component, says string }{"security/secret-files", "", filepath.Join(dir, "my.cnf")})
	}
	for _, w := range wants {
		if !slices.ContainsFunc(findings, func(f Finding) bool {
			return f.Check == w.check && f.Component == w.component && strings.Contains(f.Title, w.says)
		}) {
			t.Errorf("%s says nothing of %q about %q", w.check, w.says, w.component)
		}
	}
	if t.Failed() {
		for _, f := range findings {
			t.Log(f.Level, f.Check, f.Component, f.Title, "|", f.Cause)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o755) //nolint:gosec
	}
	if err != nil {
		t.Fatal(err)
	}
}
