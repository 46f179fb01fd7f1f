package datadir

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/tsdb"
)

var update = flag.Bool("update", false, "write the table of cases to docs/data-safety.md")

// offsets are how far in the future the bad samples lie.
var offsets = []struct {
	name string
	by   time.Duration
}{
	{"31768 s", 31768 * time.Second},
	{"9 h", 9 * time.Hour},
	{"30 min", 30 * time.Minute},
	{"3 d", 3 * 24 * time.Hour},
	{"30 d", 30 * 24 * time.Hour},
}

// shape is a way in which a directory is damaged by samples of the future, and by what else happened to it. It returns the directory, which
// may be another one than the copy that it is given.
type shape struct {
	name   string
	damage func(t *testing.T, dir string, now time.Time, by time.Duration) string
	want   Rung
}

var shapes = []shape{
	{"head only", headOnly, Rewrite},
	{"future blocks", futureBlocks, Rewrite},
	{"merged into one block", mergedBlock, Rewrite},
	{"out of order", outOfOrder, Rewrite},
	{"kill -9", killed, Rewrite},
	{"corrupt WAL page", corruptPage, Rebuild},
	{"corrupt checkpoint", corruptCheckpoint, Rebuild},
	{"log cut by Prometheus' own repair", cutLog, Rebuild},
}

func headOnly(t *testing.T, dir string, now time.Time, by time.Duration) string {
	db := openDB(t, dir)
	fill(t, db, now.Add(by), now.Add(by+10*time.Minute), goodStep, false)
	closeDB(t, db)
	return dir
}

func futureBlocks(t *testing.T, dir string, now time.Time, by time.Duration) string {
	db := openDB(t, dir)
	fill(t, db, now.Add(by), now.Add(by+7*time.Hour), 2*time.Minute, true)
	closeDB(t, db)
	return dir
}

// mergedBlock compacts the newest good block and the first of the future into one, as a server does when its spans are long enough.
func mergedBlock(t *testing.T, dir string, now time.Time, by time.Duration) string {
	futureBlocks(t, dir, now, by)
	d := prove(t, dir)
	var last, first Block
	for _, b := range inspect(t, d).Blocks {
		if b.Min <= At(now) {
			last = b
		} else if first.ULID == "" {
			first = b
		}
	}
	if first.ULID == "" || last.ULID == "" {
		t.Fatal("there are no two blocks to merge")
	}
	c, err := newCompactor(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	sources := []string{filepath.Join(dir, last.ULID), filepath.Join(dir, first.ULID)}
	if _, err := c.Compact(dir, sources, nil); err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if err := os.RemoveAll(s); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// outOfOrder writes late samples of 9 series, between those that are there, and then those of the future.
func outOfOrder(t *testing.T, dir string, now time.Time, by time.Duration) string {
	db := openDB(t, dir)
	for at := now.Add(-15 * time.Minute); at.Before(now.Add(-time.Minute)); at = at.Add(goodStep) {
		appendAt(t, db, at.Add(11*time.Second), goodHistograms, goodHistograms+9)
	}
	fill(t, db, now.Add(by), now.Add(by+10*time.Minute), goodStep, false)
	closeDB(t, db)
	return dir
}

// killed copies the directory of an open database, and leaves half a record at the end of its log.
func killed(t *testing.T, dir string, now time.Time, by time.Duration) string {
	db := openDB(t, dir)
	fill(t, db, now.Add(by), now.Add(by+10*time.Minute), goodStep, false)
	copied := copyData(t, dir)
	closeDB(t, db)
	segment := newestSegment(t, copied)
	f, err := os.OpenFile(segment, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write([]byte{logFull, 0x01, 0x00, 1, 2, 3, 4, 5, 6}); err != nil { // it promises 256 bytes
		t.Fatal(err)
	}
	return copied
}

func newestSegment(t *testing.T, dir string) string {
	files, err := listLog(filepath.Join(dir, "wal"))
	if err != nil || len(files.segments) == 0 {
		t.Fatalf("no segments: %v", err)
	}
	return files.segments[len(files.segments)-1]
}

// corruptPage overwrites 200 bytes of the log where good samples lie that are in chunks of the head already.
func corruptPage(t *testing.T, dir string, now time.Time, by time.Duration) string {
	db := openDB(t, dir)
	fill(t, db, now.Add(by), now.Add(by+130*time.Minute), 2*time.Minute, false) // across the end of every chunk with good samples
	closeDB(t, db)
	closeDB(t, openDB(t, dir)) // a replay maps them
	junk(t, largestSegment(t, dir))
	return dir
}

// corruptCheckpoint does the same to the checkpoint: Prometheus does not start on that.
func corruptCheckpoint(t *testing.T, dir string, now time.Time, by time.Duration) string {
	headOnly(t, dir, now, by)
	files, err := listLog(filepath.Join(dir, "wal"))
	if err != nil || files.checkpoint == "" {
		t.Fatalf("there is no checkpoint: %v", err)
	}
	junk(t, files.segments[0])
	return dir
}

// cutLog is a damaged log that Prometheus has cut before: what comes after the damage is only in chunks of the head.
func cutLog(t *testing.T, dir string, now time.Time, by time.Duration) string {
	corruptPage(t, dir, now, by)
	closeDB(t, openDB(t, dir))
	return headOnly(t, dir, now, by+150*time.Minute)
}

// largestSegment is one with good samples that is not of the checkpoint.
func largestSegment(t *testing.T, dir string) string {
	files, err := listLog(filepath.Join(dir, "wal"))
	if err != nil {
		t.Fatal(err)
	}
	largest, size := "", int64(0)
	for _, path := range files.segments {
		if info, err := os.Stat(path); err == nil && info.Size() > size && filepath.Base(filepath.Dir(path)) == "wal" {
			largest, size = path, info.Size()
		}
	}
	return largest
}

// junk overwrites 200 bytes in the middle of a file, the same every time.
func junk(t *testing.T, path string) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 200)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(body)
	if _, err := f.WriteAt(body, info.Size()/3); err != nil {
		t.Fatal(err)
	}
}

func closeDB(t testing.TB, db *tsdb.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// row is a line of the table.
type row struct {
	shape, offset, rung     string
	total, before, after    int
	lost                    int
	servers                 string
	shapeOrder, offsetOrder int
}

// TestRepair is the table of docs/data-safety.md: every damage, repaired, with the good samples before and after, and real servers that take
// samples of now on what came out.
func TestRepair(t *testing.T) {
	dir, now := goodData(t)
	var mu sync.Mutex
	var rows []row
	servers := realServers(t)
	t.Run("cases", func(t *testing.T) {
		for so, s := range shapes {
			for oo, offset := range offsets {
				t.Run(s.name+" +"+offset.name, func(t *testing.T) {
					t.Parallel()
					r := repairCase(t, s, offset.by, dir, now, servers)
					r.offset, r.shapeOrder, r.offsetOrder = "+"+offset.name, so, oo
					mu.Lock()
					rows = append(rows, r)
					mu.Unlock()
				})
			}
		}
	})
	slices.SortFunc(rows, func(a, b row) int {
		return (a.shapeOrder-b.shapeOrder)*100 + a.offsetOrder - b.offsetOrder
	})
	table := printTable(rows)
	t.Log("\n" + table)
	if *update {
		writeTable(t, table)
	}
}

func repairCase(t *testing.T, s shape, by time.Duration, base string, now time.Time, servers []server) row {
	dir := s.damage(t, copyData(t, base), now, by)
	// What is good is the good data, and the late samples that were added.
	goodDump := goodOf(t, s, base, now)
	d := prove(t, dir)
	seen := inspect(t, d)
	samePrediction(t, dir, seen)
	plan, err := PlanRepair(seen, RepairOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if plan.Rung != s.want {
		t.Fatalf("rung %s, want %s: %s; damage %+v", plan.Rung, s.want, plan.Why, seen.damage())
	}
	sums := tree(t, dir)
	result, err := Execute(context.Background(), d, plan, ExecuteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	after := inspect(t, prove(t, dir))
	if after.Verdict != Healthy {
		t.Errorf("after the repair: %s, %v, refuses before %s", after.Verdict, after.Problems, after.Head.RefusesBefore)
	}
	samePrediction(t, dir, after)
	got := dump(t, dir, now.Add(100*365*24*time.Hour))
	if got != goodDump {
		t.Errorf("the data differ:\n%s", diffLines(goodDump, got))
	}
	if aside := tree(t, result.Aside); aside != sums {
		t.Errorf("what was put aside is not what was there:\n%s", diffLines(sums, aside))
	}
	took := acceptNow(t, dir, servers, samplesIn(goodDump))
	return row{
		shape: s.name, rung: string(plan.Rung), total: int(result.Dropped) + samplesIn(got), before: samplesIn(goodDump), after: samplesIn(got),
		lost: samplesIn(goodDump) - samplesIn(got), servers: took,
	}
}

// goodOf is what has to be there in the end.
func goodOf(t *testing.T, s shape, base string, now time.Time) string {
	if s.name != "out of order" {
		return dump(t, base, now)
	}
	dir := copyData(t, base)
	db := openDB(t, dir)
	for at := now.Add(-15 * time.Minute); at.Before(now.Add(-time.Minute)); at = at.Add(goodStep) {
		appendAt(t, db, at.Add(11*time.Second), goodHistograms, goodHistograms+9)
	}
	closeDB(t, db)
	return dump(t, dir, now)
}

// samePrediction compares with the library itself, which opens a copy.
func samePrediction(t *testing.T, dir string, seen Inspection) {
	t.Helper()
	if seen.doesNotStart() != "" {
		return // the library cannot open it either
	}
	db := openDB(t, copyData(t, dir))
	defer db.Close()
	if want, ok := db.Head().AppendableMinValidTime(); ok && Instant(want) != seen.Head.RefusesBefore {
		t.Errorf("refuses before %s, the library says %s", seen.Head.RefusesBefore, Instant(want))
	}
}

func diffLines(a, b string) string {
	var out []string
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, l := range left {
		if !slices.Contains(right, l) {
			out = append(out, "- "+l)
		}
	}
	for _, r := range right {
		if !slices.Contains(left, r) {
			out = append(out, "+ "+r)
		}
	}
	if len(out) > 12 {
		out = append(out[:12], fmt.Sprintf("and %d more", len(out)-12))
	}
	return strings.Join(out, "\n")
}

func printTable(rows []row) string {
	var b strings.Builder
	b.WriteString("| damage | future | repaired by | samples found | good before | good after | lost | then takes samples of now |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %d | %d | %s |\n", r.shape, r.offset, r.rung, r.total, r.before, r.after, r.lost, r.servers)
	}
	return b.String()
}
