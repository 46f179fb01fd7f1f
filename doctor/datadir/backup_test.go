package datadir

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// TestBackup copies a TSDB by links that a running server cannot change.
func TestBackup(t *testing.T) {
	servers := realServers(t)
	base, now := goodData(t)
	dir := copyData(t, base)
	want := dump(t, dir, now)
	backup := mustDo(t, killedRun{Dir: dir, Action: Backup})
	whole := tree(t, backup.Aside)
	for _, s := range servers {
		r := start(t, s, dir)
		r.takesNow(t)
		r.stop()
	}
	if got := tree(t, backup.Aside); got != whole {
		t.Fatalf("a server changed the backup:\n%s", diffLines(whole, got))
	}
	mustDo(t, killedRun{Dir: dir, Action: Restore, ID: backup.ID})
	if got := dump(t, dir, now.Add(time.Hour)); got != want {
		t.Errorf("the restored backup differs:\n%s", diffLines(want, got))
	}
}

// snapshot has a running server make a copy, as a controller does.
func (r *started) snapshot(t *testing.T) string {
	t.Helper()
	resp, err := http.Post(r.url+"/api/v1/admin/tsdb/snapshot", "", nil) //nolint:noctx
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var a struct{ Data struct{ Name string } }
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil || a.Data.Name == "" {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	return a.Data.Name
}

// raw are the samples of the selector as the server has them, until the last of the given ones.
func (r *started) raw(t *testing.T, selector, until string) []string {
	t.Helper()
	resp, err := http.Get(r.url + "/api/v1/query?query=" + selector + "[1h]") //nolint:noctx
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var a struct {
		Data struct{ Result []struct{ Values [][2]any } }
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil || len(a.Data.Result) != 1 {
		t.Fatalf("%s of %v: %v", selector, a.Data.Result, err)
	}
	var list []string
	for _, v := range a.Data.Result[0].Values {
		seconds, _ := v[0].(float64)
		list = append(list, fmt.Sprintf("%.3f %v", seconds, v[1]))
		if list[len(list)-1] == until {
			break
		}
	}
	return list
}

// TestSnapshot takes the copies that real servers make while they run: every good sample is in them, and of what was scraped
// exactly what the server itself has until then. A restore brings the copy back.
func TestSnapshot(t *testing.T) {
	base, now := goodData(t)
	good := dump(t, base, now)
	for _, s := range realServers(t) {
		t.Run(s.name, func(t *testing.T) {
			dir := copyData(t, base)
			r := start(t, s, dir, "--web.enable-admin-api")
			r.takesNow(t)
			name := r.snapshot(t)
			seen := inspect(t, prove(t, dir))
			if len(seen.Snapshots) != 1 || seen.Snapshots[0] != name {
				t.Errorf("snapshots %v, want %s", seen.Snapshots, name)
			}
			backup := mustDo(t, killedRun{Dir: dir, Action: Backup, Snapshot: name})
			if c := backup.Copied; c == nil || c.Linked < 2 || c.Read.Samples() == 0 || c.Logs != 0 {
				t.Errorf("proof %+v", backup.Copied)
			}
			if got := dump(t, backup.Aside, now); got != good {
				t.Errorf("the copy differs from what is good:\n%s", diffLines(good, got))
			}
			mine := scraped(t, backup.Aside)
			if theirs := r.raw(t, "up", mine[len(mine)-1]); strings.Join(mine, "\n") != strings.Join(theirs, "\n") {
				t.Errorf("of up the copy has\n%v\nand the server\n%v", mine, theirs)
			}
			r.takesNow(t) // it never stopped
			r.stop()
			whole := dump(t, backup.Aside, now.Add(time.Hour))
			mustDo(t, killedRun{Dir: dir, Action: Restore, ID: backup.ID})
			if got := dump(t, dir, now.Add(time.Hour)); got != whole {
				t.Errorf("the restored copy differs:\n%s", diffLines(whole, got))
			}
		})
	}
}

// scraped are the samples of up in a directory.
func scraped(t *testing.T, dir string) []string {
	t.Helper()
	db := openDB(t, copyData(t, dir))
	defer db.Close()
	q, err := db.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	var list []string
	for set := q.Select(t.Context(), true, nil, labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, "up")); set.Next(); {
		it := set.At().Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			at, v := it.At()
			list = append(list, fmt.Sprintf("%.3f %v", float64(at)/1000, v))
		}
	}
	if len(list) == 0 {
		t.Fatal("no sample of up")
	}
	return list
}

// TestBackupIsProven refuses a copy whose blocks have fewer samples than they say, and leaves nothing of it.
func TestBackupIsProven(t *testing.T) {
	small, _ := smallData(t)
	dir := copyData(t, small)
	name := snapshotOf(t, dir)
	blocks, err := filepath.Glob(filepath.Join(dir, snapshotsName, name, "*", "meta.json"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("%v, %v", blocks, err)
	}
	for _, meta := range blocks { // it does not matter which is the head's: a block that is no link is read
		body, err := os.ReadFile(meta)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(meta); err != nil {
			t.Fatal(err)
		}
		write(t, meta, strings.Replace(string(body), `"numSamples": `, `"numSamples": 1`, 1))
	}
	_, err = doIt(killedRun{Dir: dir, Action: Backup, Snapshot: name}, nil)
	if err == nil || !strings.Contains(err.Error(), "the copy is not whole") {
		t.Errorf("error %v", err)
	}
	if exists(prove(t, dir).Store()) {
		t.Error("something is left of it")
	}
	_, err = doIt(killedRun{Dir: dir, Action: Backup, Snapshot: "20200101T000000Z-0"}, nil)
	if fault.KindOf(err) != fault.Refused {
		t.Errorf("a snapshot that is not there: %v", err)
	}
}

// snapshotOf makes a snapshot as a server does, and gives its name.
func snapshotOf(t *testing.T, dir string) string {
	t.Helper()
	const name = "20261125T164501Z-0123456789abcdef"
	db := openDB(t, dir)
	defer closeDB(t, db)
	if err := db.Snapshot(filepath.Join(dir, snapshotsName, name), true); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestKilledBackup kills a backup at every point, of a copy and of a snapshot: a rerun finishes, a restore takes it back, and the
// directory is never touched.
func TestKilledBackup(t *testing.T) {
	dir, now := filepath.Join(t.TempDir(), "tiny"), time.Now().Truncate(time.Second)
	db := openDB(t, dir)
	fill(t, db, now.Add(-5*time.Hour), now, 5*time.Minute, true)
	closeDB(t, db)
	taken := copyData(t, dir)
	name := snapshotOf(t, taken)
	until := now.Add(48 * time.Hour)
	good := dump(t, taken, until)
	for kind, from := range map[string]killedRun{"copy": {Dir: dir}, "snapshot": {Dir: taken, Snapshot: name}} {
		whole := tree(t, from.Dir)
		fresh := func(t *testing.T) killedRun { return killedRun{Dir: copyData(t, from.Dir), Snapshot: from.Snapshot} }
		t.Run(kind+" finished by a rerun", func(t *testing.T) {
			walk(t, Backup, fresh, func(t *testing.T, k killedRun, point string) {
				again := killedRun{Dir: k.Dir, Action: Backup}
				if exists(filepath.Join(k.Dir, snapshotsName, name)) { // else the controller has another one made
					again.Snapshot = k.Snapshot
				}
				r := mustDo(t, again)
				if point == "built" || point == "before done" || again.Snapshot != "" {
					if got := dump(t, r.Aside, until); got != good {
						t.Errorf("the copy differs:\n%s", diffLines(good, got))
					}
				}
				if got := tree(t, k.Dir); from.Snapshot == "" && got != whole {
					t.Errorf("the directory differs:\n%s", diffLines(whole, got))
				}
			})
		})
		t.Run(kind+" undone by restore", func(t *testing.T) {
			walk(t, Backup, fresh, func(t *testing.T, k killedRun, point string) {
				if point == "folder" || point == "after done" {
					return // nothing was done, or all
				}
				mustDo(t, killedRun{Dir: k.Dir, Action: Restore})
				if exists(k.Dir + storeSuffix) {
					t.Error("something is left of it")
				}
				if got := tree(t, k.Dir); from.Snapshot == "" && got != whole {
					t.Errorf("the directory differs:\n%s", diffLines(whole, got))
				}
			})
		})
	}
}
