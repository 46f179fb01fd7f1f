package datadir

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// killedEnv carries a killedRun to a process of this test binary, which kills itself on the way.
const killedEnv = "MONCTL_TEST_KILLED"

type killedRun struct {
	Dir    string
	Action Action
	ID     string
	// Snapshot is taken by a backup.
	Snapshot string
	Point    int // the process kills itself at this point, counted from 1
}

// runKilled is the other process. It ends with 0 when it got through, and prints the point where it killed itself.
func runKilled() {
	var k killedRun
	if err := json.Unmarshal([]byte(os.Getenv(killedEnv)), &k); err != nil {
		panic(err)
	}
	n := 0
	_, err := doIt(k, func(point string) {
		if n++; n == k.Point {
			fmt.Println(point)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// doIt does one action as the command does.
func doIt(k killedRun, at func(string)) (Result, error) {
	ctx := context.Background()
	d, err := Prove(k.Dir, ProveOptions{})
	if err != nil {
		return Result{}, err
	}
	seen, err := Inspect(ctx, d, InspectOptions{Truth: known})
	if err != nil {
		return Result{}, err
	}
	var plan Plan
	switch k.Action {
	case Repair:
		plan, err = PlanRepair(seen, RepairOptions{})
	case Reset:
		plan, err = PlanReset(seen)
	case Restore:
		plan, err = PlanRestore(seen, k.ID)
	case Backup:
		plan, err = PlanBackup(seen, k.Snapshot)
	case Purge:
		plan, err = PlanPurge(seen, k.ID)
	}
	if err != nil {
		return Result{}, err
	}
	return Execute(ctx, d, plan, ExecuteOptions{at: at})
}

// killAt runs an action in another process that kills itself at a point. It is false when the action got through.
func killAt(t *testing.T, k killedRun) (point string, killed bool) {
	t.Helper()
	body, err := json.Marshal(k)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), killedEnv+"="+string(body))
	out, err := cmd.CombinedOutput()
	point = strings.TrimSpace(string(out))
	if err == nil {
		return point, false
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("%s at %d: %v: %s", k.Action, k.Point, err, out)
	}
	return point, true
}

// smallData is a damaged directory that is quick to copy: a few blocks, one across now and one of the future, and a head.
func smallData(t *testing.T) (dir string, now time.Time) {
	t.Helper()
	dir, now = filepath.Join(t.TempDir(), "small"), time.Now().Truncate(time.Second)
	db := openDB(t, dir)
	fill(t, db, now.Add(-9*time.Hour), now, 5*time.Minute, true)
	fill(t, db, now.Add(9*time.Hour), now.Add(14*time.Hour), 5*time.Minute, true)
	closeDB(t, db)
	return dir, now
}

// walk kills an action at every point that it has, each time on a fresh directory, and calls then.
func walk(t *testing.T, action Action, fresh func(t *testing.T) killedRun, then func(t *testing.T, k killedRun, point string)) {
	t.Helper()
	points := 0
	for n := 1; ; n++ {
		k := fresh(t)
		k.Action, k.Point = action, n
		point, killed := killAt(t, k)
		if !killed {
			break
		}
		points++
		t.Run(fmt.Sprintf("%d %s", n, point), func(t *testing.T) { then(t, k, point) })
		if t.Failed() {
			return
		}
	}
	t.Logf("%s was killed at %d points", action, points)
	if points < 5 {
		t.Errorf("%s has only %d points", action, points)
	}
}

func mustDo(t *testing.T, k killedRun) Result {
	t.Helper()
	r, err := doIt(k, nil)
	if err != nil {
		t.Fatalf("%s: %v", k.Action, err)
	}
	return r
}

// TestKilled walks through repair, reset and restore with kill -9 at every point: the rerun finishes, and the restore undoes.
func TestKilled(t *testing.T) {
	dir, now := smallData(t)
	whole, goodDump := tree(t, dir), dump(t, dir, now)
	fresh := func(t *testing.T) killedRun { return killedRun{Dir: copyData(t, dir)} }
	for _, action := range []Action{Repair, Reset} {
		t.Run(string(action)+" finished by a rerun", func(t *testing.T) {
			walk(t, action, fresh, func(t *testing.T, k killedRun, point string) {
				if point == "after done" && action == Repair {
					return // there is nothing left to repair
				}
				r := mustDo(t, k)
				if action == Repair {
					if got := dump(t, k.Dir, now.Add(48*time.Hour)); got != goodDump {
						t.Errorf("the data differ:\n%s", diffLines(goodDump, got))
					}
				}
				if point != "after done" && tree(t, r.Aside) != whole {
					t.Errorf("what was put aside differs:\n%s", diffLines(whole, tree(t, r.Aside)))
				}
			})
		})
		t.Run(string(action)+" undone by restore", func(t *testing.T) {
			walk(t, action, fresh, func(t *testing.T, k killedRun, point string) {
				if point != "folder" { // before it, nothing was written down, and nothing done
					mustDo(t, killedRun{Dir: k.Dir, Action: Restore})
				}
				if got := tree(t, k.Dir); got != whole {
					t.Errorf("what is there differs:\n%s", diffLines(whole, got))
				}
			})
		})
	}
	t.Run("restore finished by a rerun", func(t *testing.T) {
		repaired := func(t *testing.T) killedRun {
			k := fresh(t)
			k.Action = Repair
			k.ID = mustDo(t, k).ID
			return k
		}
		walk(t, Restore, repaired, func(t *testing.T, k killedRun, point string) {
			if point != "after done" {
				k.ID = ""
				mustDo(t, k)
			}
			if got := tree(t, k.Dir); got != whole {
				t.Errorf("what is there differs:\n%s", diffLines(whole, got))
			}
		})
	})
}

// TestKilledOnMountPoint does the same where the directory itself cannot be renamed.
func TestKilledOnMountPoint(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	dir, now := smallData(t)
	goodDump, whole := dump(t, dir, now), tree(t, dir)
	mount := func(t *testing.T) killedRun {
		at := t.TempDir()
		if err := unix.Mount("monctl-test", at, "tmpfs", 0, "size=256m"); err != nil {
			t.Skipf("mounting is not allowed here: %v", err)
		}
		t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
		if out, err := exec.Command("cp", "-a", dir+"/.", at).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return killedRun{Dir: at}
	}
	if d := prove(t, mount(t).Dir); !d.Mount() {
		t.Fatal("the mount point was not noticed")
	}
	t.Run("finished by a rerun", func(t *testing.T) {
		walk(t, Repair, mount, func(t *testing.T, k killedRun, point string) {
			if point != "after done" {
				mustDo(t, k)
			}
			if got := dump(t, k.Dir, now.Add(48*time.Hour)); got != goodDump {
				t.Errorf("the data differ:\n%s", diffLines(goodDump, got))
			}
		})
	})
	t.Run("undone by restore", func(t *testing.T) {
		walk(t, Repair, mount, func(t *testing.T, k killedRun, point string) {
			if point != "folder" {
				mustDo(t, killedRun{Dir: k.Dir, Action: Restore})
			}
			if got := withoutTop(tree(t, k.Dir)); got != withoutTop(whole) {
				t.Errorf("what is there differs:\n%s", diffLines(whole, got))
			}
		})
	})
}

// withoutTop leaves out the mode of the top: a mount point has its own.
func withoutTop(tree string) string {
	_, rest, _ := strings.Cut(tree, "\n")
	return rest
}
