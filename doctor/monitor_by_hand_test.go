package doctor

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/local"
)

// TestDataOfAMonitorByHand finds where a monctl serve keeps its data that somebody started in a folder, with a relative path or none.
// The programs are stand-ins: a shell of that name that waits.
func TestDataOfAMonitorByHand(t *testing.T) {
	for want, args := range map[string][]string{
		"monctl-data": {"serve"},
		"beside":      {"serve", "--listen", ":1", "--data", "beside"},
		"within":      {"serve", "--data=within/"},
	} {
		dir := enterable(t)
		copyFile(t, "/bin/sh", filepath.Join(dir, "monctl"))
		if err := os.WriteFile(filepath.Join(dir, "serve"), []byte("read line\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, want, "wal"), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(dir, "monctl"), args...)
		cmd.Dir = dir
		end, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		startReal(t, cmd)
		t.Cleanup(func() { _ = end.Close() })

		conn, err := local.Open(t.Context(), fleet.SudoNever, local.Options{Harmless: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		l := &look{Options: Options{Checks: families(), All: families(), Patience: time.Minute}, watch: clock.NewWatch(), turns: newTurns()}
		h := newHost(Target{Host: fleet.Host{Name: "here", Address: "localhost"}})
		if err := l.read(t.Context(), conn, h); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(h.Components, func(c Component) bool { return c.Process.PID == cmd.Process.Pid })
		if i < 0 || h.Components[i].Kind != "monitor" {
			t.Fatalf("%q was not found", args)
		}
		if folder, err := h.DataFolder(h.Components[i]); err != nil || folder.Path != filepath.Join(dir, want) {
			t.Errorf("%q: its data are said to be in %q (%v), not in %s", args, folder.Path, err, filepath.Join(dir, want))
		}
	}
}
