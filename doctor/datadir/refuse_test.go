package datadir

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/monctl/monctl/fleet/fault"
	"golang.org/x/sys/unix"
)

func resetOf(t *testing.T, dir string) error {
	t.Helper()
	d := prove(t, dir)
	plan, err := PlanReset(inspect(t, d))
	if err != nil {
		return err
	}
	_, err = Execute(context.Background(), d, plan, ExecuteOptions{})
	return err
}

func wantRefused(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || fault.KindOf(err) != fault.Refused {
		t.Errorf("error %v, want a refusal with %q", err, want)
	}
}

// TestInUse asks the kernel: an open file, a mapped file, and the lock alone are each enough.
func TestInUse(t *testing.T) {
	dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
	hold := func(script string) {
		t.Helper()
		cmd := exec.Command("sh", "-c", script+"; echo held; sleep 60")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
		before := tree(t, dir)
		wantRefused(t, resetOf(t, dir), "in use by")
		if tree(t, dir) != before || exists(dir+storeSuffix) {
			t.Error("something was changed")
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}
	hold("exec 9<" + dir + "/wal/00000000")
	hold("exec 9>" + dir + "/lock; flock -x 9; exec 8<&-")
	if err := resetOf(t, dir); err != nil {
		t.Errorf("nobody uses it, and: %v", err)
	}
}

// TestRealInUse is for real servers: Debian's takes no lock, the other does.
func TestRealInUse(t *testing.T) {
	servers := realServers(t)
	dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
	for _, s := range servers {
		r := start(t, s, dir)
		seen := inspect(t, prove(t, dir))
		if len(seen.Holders) != 1 || seen.Holders[0].PID != r.cmd.Process.Pid || seen.Holders[0].Lock != (s.name != "2.42") {
			t.Errorf("%s: holders %+v, process %d", s.name, seen.Holders, r.cmd.Process.Pid)
		}
		wantRefused(t, resetOf(t, dir), "in use by")
		r.stop()
	}
	if servers[0].name == "2.42" { // without locks, two can run on one directory
		first := start(t, servers[0], dir)
		second := start(t, servers[0], dir)
		seen := inspect(t, prove(t, dir))
		if len(seen.Holders) != 2 || len(seen.Problems) == 0 || !strings.Contains(seen.Problems[0].What, "2 processes use it at once") {
			t.Errorf("holders %+v, problems %+v", seen.Holders, seen.Problems)
		}
		first.stop()
		second.stop()
	}
}

// TestTwoRuns keeps a second monctl out.
func TestTwoRuns(t *testing.T) {
	dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
	release, err := lockStore(prove(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	wantRefused(t, resetOf(t, dir), "another monctl works on it")
	release()
	if err := resetOf(t, dir); err != nil {
		t.Error(err)
	}
}

// mounted gives a file system of its own, of a size.
func mounted(t *testing.T, size string, flags uintptr, fill func(at string)) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	at := t.TempDir()
	if err := unix.Mount("monctl-test", at, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mounting is not allowed here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
	fill(at)
	if flags != 0 {
		if err := unix.Mount("monctl-test", at, "tmpfs", unix.MS_REMOUNT|flags, "size="+size); err != nil {
			t.Fatal(err)
		}
	}
	return at
}

func TestReadOnly(t *testing.T) {
	at := mounted(t, "8m", unix.MS_RDONLY, func(at string) { emptyTSDB(t, filepath.Join(at, "metrics")) })
	err := resetOf(t, filepath.Join(at, "metrics"))
	wantRefused(t, err, "read-only")
}

// TestDiskFull is refused when it is foreseen, and undone when it happens on the way.
func TestDiskFull(t *testing.T) {
	dir, _ := smallData(t)
	at := mounted(t, "200m", 0, func(at string) {
		if out, err := exec.Command("cp", "-a", dir, filepath.Join(at, "metrics")).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		write(t, filepath.Join(at, "ballast"), strings.Repeat("x", 180<<20))
	})
	data := filepath.Join(at, "metrics")
	d, whole := prove(t, data), tree(t, data)
	plan, err := PlanRepair(inspect(t, d), RepairOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Execute(t.Context(), d, plan, ExecuteOptions{})
	wantRefused(t, err, "MB are free")
	plan.Needs = 0
	_, err = Execute(t.Context(), d, plan, ExecuteOptions{})
	if !errors.Is(err, errNoSpace) {
		t.Errorf("error %v, want no space", err)
	}
	if tree(t, data) != whole || exists(d.Store()) {
		t.Error("something was left behind")
	}
}

func TestNotRoot(t *testing.T) {
	p := Plan{Action: Repair, Owner: Owner{UID: 998}}
	if !mayChange(0, p) || !mayChange(998, p) || mayChange(1000, p) {
		t.Error("root and the owner may change it, and nobody else")
	}
}

// TestOwner shows that owner and mode are kept by a reset.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("changing owners needs root")
	}
	dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
	if err := errors.Join(os.Chmod(dir, 0o750), os.Chown(dir, 1234, 2345)); err != nil {
		t.Fatal(err)
	}
	if err := resetOf(t, dir); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if o := ownerOf(dir, info); o.UID != 1234 || o.GID != 2345 || o.Mode != 0o750 {
		t.Errorf("%+v", o)
	}
}

// TestRemovedByHand brings back what was put aside when the directory itself is gone, and does nothing else then.
func TestRemovedByHand(t *testing.T) {
	dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
	whole := tree(t, dir)
	if err := resetOf(t, dir); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, resetOf(t, dir), "does not exist")
	if i := inspect(t, prove(t, dir)); i.Verdict != Interrupted || len(i.Problems) != 1 {
		t.Errorf("%s, %+v", i.Verdict, i.Problems)
	}
	mustDo(t, killedRun{Dir: dir, Action: Restore})
	if got := tree(t, dir); got != whole {
		t.Errorf("it differs:\n%s", diffLines(whole, got))
	}
}

// TestDamagedManifest is shown, and neither restored nor deleted.
func TestDamagedManifest(t *testing.T) {
	dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
	if err := resetOf(t, dir); err != nil {
		t.Fatal(err)
	}
	emptyTSDB(t, dir)
	id := inspect(t, prove(t, dir)).Aside[0].ID
	write(t, filepath.Join(dir+storeSuffix, id, manifestName), "{half")
	whole := tree(t, dir+storeSuffix)
	i := inspect(t, prove(t, dir))
	if len(i.Problems) != 1 || !strings.Contains(i.Problems[0].What, "manifest cannot be read") {
		t.Errorf("%+v", i.Problems)
	}
	for _, action := range []Action{Restore, Purge} {
		if _, err := doIt(killedRun{Dir: dir, Action: action, ID: id}, nil); err == nil {
			t.Errorf("%s did something", action)
		}
	}
	if tree(t, dir+storeSuffix) != whole {
		t.Error("something was changed")
	}
}

// TestPurge deletes what was put aside and nothing else, also when it was interrupted.
func TestPurge(t *testing.T) {
	dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
	if err := resetOf(t, dir); err != nil {
		t.Fatal(err)
	}
	id := inspect(t, prove(t, dir)).Aside[0].ID
	if _, err := doIt(killedRun{Dir: dir, Action: Purge, ID: "20200101T000000Z-reset"}, nil); fault.KindOf(err) != fault.Refused {
		t.Errorf("an ID that is not there: %v", err)
	}
	emptyTSDB(t, dir) // as Prometheus does when it starts
	before := tree(t, dir)
	if point, killed := killAt(t, killedRun{Dir: dir, Action: Purge, ID: id, Point: 1}); !killed || point != "purging" {
		t.Fatalf("killed %t at %s", killed, point)
	}
	if _, err := doIt(killedRun{Dir: dir, Action: Restore, ID: id}, nil); fault.KindOf(err) != fault.Refused {
		t.Errorf("what is being deleted was restored: %v", err)
	}
	mustDo(t, killedRun{Dir: dir, Action: Purge, ID: id})
	if exists(dir+storeSuffix) || tree(t, dir) != before {
		t.Error("the store is still there, or the directory was changed")
	}
}

// TestOtherFolders backs up, resets and restores a folder that is no TSDB.
func TestOtherFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "grafana")
	write(t, filepath.Join(dir, "grafana.db"), "first")
	write(t, filepath.Join(dir, "plugins", "x", "plugin.json"), "{}")
	whole := tree(t, dir)
	do := func(action Action, id string) Result {
		t.Helper()
		d, err := Prove(dir, ProveOptions{Kind: Grafana})
		if err != nil {
			t.Fatal(err)
		}
		seen := inspect(t, d)
		plan, err := map[Action]func() (Plan, error){
			Backup:  func() (Plan, error) { return PlanBackup(seen, "") },
			Reset:   func() (Plan, error) { return PlanReset(seen) },
			Restore: func() (Plan, error) { return PlanRestore(seen, id) },
			Repair:  func() (Plan, error) { return PlanRepair(seen, RepairOptions{}) },
		}[action]()
		if err != nil {
			t.Fatal(err)
		}
		r, err := Execute(t.Context(), d, plan, ExecuteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	backup := do(Backup, "")
	write(t, filepath.Join(dir, "grafana.db"), "it is written in place")
	do(Reset, "")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("after the reset: %v, %v", entries, err)
	}
	do(Restore, backup.ID)
	if got := tree(t, dir); got != whole {
		t.Errorf("after the restore of the backup:\n%s", diffLines(whole, got))
	}
	if got := tree(t, backup.Aside); got != whole {
		t.Errorf("the backup itself:\n%s", diffLines(whole, got))
	}
	do(Restore, "")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("what the restore had put aside was empty: %v, %v", entries, err)
	}
}

// TestLabel shows that what is written anew has the label of what it replaces, and what is linked keeps its own. The kernel
// keeps the attribute also where SELinux does not run.
func TestLabel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("setting labels needs root")
	}
	const label = "system_u:object_r:prometheus_data_t:s0"
	small, _ := smallData(t)
	for _, action := range []Action{Repair, Reset, Restore} {
		dir := copyData(t, small)
		if err := unix.Lsetxattr(dir, labelAttribute, []byte(label), 0); err != nil {
			t.Skipf("the file system keeps no labels: %v", err)
		}
		if err := eachFile(dir, func(name string) {
			if err := unix.Lsetxattr(filepath.Join(dir, name), labelAttribute, []byte(label), 0); err != nil {
				t.Error(err)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if action == Restore {
			mustDo(t, killedRun{Dir: dir, Action: Restore, ID: mustDo(t, killedRun{Dir: dir, Action: Backup}).ID})
		} else {
			mustDo(t, killedRun{Dir: dir, Action: action})
		}
		labelled(t, dir, label)
		if err := eachFile(dir, func(name string) { labelled(t, filepath.Join(dir, name), label) }); err != nil {
			t.Fatal(err)
		}
	}
}

func labelled(t *testing.T, path, want string) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := ownerOf(path, info).Label; got != want {
		t.Errorf("%s has the label %q", path, got)
	}
}
