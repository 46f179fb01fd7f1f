package datadir

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"
)

// TestNewerOnDisk has files that only a later version can have written: they are counted and said, nothing is repaired, and a reset, which
// needs to understand nothing, still works and can be undone.
func TestNewerOnDisk(t *testing.T) {
	small, _ := smallData(t)
	for name, c := range map[string]struct {
		says  string
		write func(t *testing.T, dir string)
	}{
		"records of an unknown type": {"3 records of the unknown type 42", func(t *testing.T, dir string) {
			w, err := wlog.New(quiet, nil, filepath.Join(dir, "wal"), compression.Snappy)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Log([]byte{42, 1, 2}, []byte{42}, []byte{42, 3}); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}},
		"meta.json": {"version 2: written by a newer version", func(t *testing.T, dir string) {
			meta := filepath.Join(oldestBlock(t, dir), "meta.json")
			body, err := os.ReadFile(meta)
			if err != nil {
				t.Fatal(err)
			}
			write(t, meta, strings.Replace(string(body), `"version": 1`, `"version": 2`, 1))
		}},
		"an index": {"written by a newer version", func(t *testing.T, dir string) { patch(t, filepath.Join(oldestBlock(t, dir), "index"), 4, 9) }},
		"chunks": {"written by a newer version", func(t *testing.T, dir string) {
			patch(t, filepath.Join(oldestBlock(t, dir), "chunks", "000001"), 4, 9)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyData(t, small)
			c.write(t, dir)
			whole := tree(t, dir)
			i := inspect(t, prove(t, dir))
			if i.Verdict != Newer || !strings.Contains(problems(i), c.says) {
				t.Errorf("%s: %s", i.Verdict, problems(i))
			}
			_, err := doIt(killedRun{Dir: dir, Action: Repair}, nil)
			if fault.KindOf(err) != fault.Refused || !strings.Contains(err.Error(), c.says) || tree(t, dir) != whole {
				t.Errorf("a repair: %v", err)
			}
			mustDo(t, killedRun{Dir: dir, Action: Reset})
			mustDo(t, killedRun{Dir: dir, Action: Restore})
			if got := tree(t, dir); got != whole {
				t.Errorf("after the undo it differs:\n%s", diffLines(whole, got))
			}
		})
	}
}

// TestLeftovers has what a compaction leaves that died, and a block without its meta.json: they are named, and a repair goes without them.
func TestLeftovers(t *testing.T) {
	dir, now := filepath.Join(t.TempDir(), "left"), time.Now().Truncate(time.Second)
	db := openDB(t, dir)
	fill(t, db, now.Add(-9*time.Hour), now, 5*time.Minute, true)
	closeDB(t, db)
	broken := oldestBlock(t, dir)
	without := copyData(t, dir)
	for _, err := range []error{os.Remove(filepath.Join(broken, "meta.json")), os.RemoveAll(filepath.Join(without, filepath.Base(broken)))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	left := []string{"01ARZ3NDEKTSV4RRFFQ69G5FAV.tmp-for-creation", "01ARZ3NDEKTSV4RRFFQ69G5FAW.tmp-for-deletion", filepath.Join("wal", "checkpoint.00000001.tmp")}
	for _, name := range left {
		write(t, filepath.Join(dir, name, "half"), "of something")
	}
	i := inspect(t, prove(t, dir))
	for _, name := range append(left, "of a compaction that died", filepath.Base(broken)+": meta.json: no such file") {
		if !strings.Contains(problems(i), name) {
			t.Errorf("%q is not said: %s", name, problems(i))
		}
	}
	r := mustDo(t, killedRun{Dir: dir, Action: Repair})
	for _, name := range append(left, filepath.Base(broken)) {
		if exists(filepath.Join(dir, name)) || !exists(filepath.Join(r.Aside, name)) {
			t.Errorf("%s is there, or not in what was put aside", name)
		}
	}
	if r.Kept.Lost != 0 || inspect(t, prove(t, dir)).Verdict != Healthy {
		t.Errorf("%+v, %s", r.Kept, inspect(t, prove(t, dir)).Verdict)
	}
	want, got := dump(t, without, now), dump(t, dir, now.Add(48*time.Hour))
	if got != want || samplesIn(got) == 0 {
		t.Errorf("%d samples are left of the %d that the head and the other blocks had", samplesIn(got), samplesIn(want))
	}
}

func problems(i Inspection) string {
	var lines []string
	for _, p := range i.Problems {
		lines = append(lines, p.Where+": "+p.What)
	}
	return strings.Join(lines, "\n")
}

// oldestBlock is the folder of the block that begins first.
func oldestBlock(t *testing.T, dir string) string {
	t.Helper()
	blocks := inspect(t, prove(t, dir)).Blocks
	if len(blocks) == 0 {
		t.Fatal("there is no block")
	}
	return filepath.Join(dir, blocks[0].ULID)
}

// patch overwrites one byte.
func patch(t *testing.T, file string, at int64, with byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{with}, at); err != nil {
		t.Fatal(err)
	}
}
