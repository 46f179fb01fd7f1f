package datadir

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fuzzSeed is a small directory with everything in it, as files.
func fuzzSeed(f *testing.F) map[string][]byte {
	f.Helper()
	dir := filepath.Join(f.TempDir(), "seed")
	now := time.Now()
	db := openDB(f, dir)
	fill(f, db, now.Add(-5*time.Hour), now, time.Minute, true)
	fill(f, db, now.Add(time.Hour), now.Add(time.Hour+5*time.Minute), time.Minute, false)
	closeDB(f, db)
	closeDB(f, openDB(f, dir)) // a replay maps the chunks that are full
	files := map[string][]byte{}
	_ = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			body, _ := os.ReadFile(path)
			files[rel(dir, path)] = body
		}
		return nil
	})
	return files
}

// inspectDamaged puts one damaged file in place of a good one. Inspect must come through, and neither it nor a repair that refuses or
// succeeds may lose a file: what was there is there, or in what was put aside.
func inspectDamaged(t *testing.T, files map[string][]byte, name string, body []byte) {
	dir := filepath.Join(t.TempDir(), "data")
	for path, content := range files {
		if path == name {
			content = body
		}
		write(t, filepath.Join(dir, path), string(content))
	}
	whole := tree(t, dir)
	d, err := Prove(dir, ProveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	i, err := Inspect(t.Context(), d, InspectOptions{Truth: known, Retention: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir); got != whole {
		t.Fatalf("inspect changed it:\n%s", diffLines(whole, got))
	}
	plan, err := PlanRepair(i, RepairOptions{})
	if err != nil {
		return
	}
	aside := dir
	if r, err := Execute(t.Context(), d, plan, ExecuteOptions{}); err == nil && r.Aside != "" {
		aside = r.Aside
	}
	if got := tree(t, aside); got != whole {
		t.Fatalf("a repair lost something:\n%s", diffLines(whole, got))
	}
}

// fuzzFile fuzzes the first file whose name fits.
func fuzzFile(f *testing.F, fits func(name string) bool) {
	files := fuzzSeed(f)
	target := ""
	for name, body := range files {
		if fits(name) && len(body) > 0 && (target == "" || name < target) {
			target = name
		}
	}
	if target == "" {
		f.Fatal("there is no such file")
	}
	good := files[target]
	f.Add(uint32(0), []byte{0})
	f.Add(uint32(len(good)/2), []byte("\xff\xff\xff\xff"))
	f.Add(uint32(len(good)), []byte{1, 0, 1, 2, 3})
	f.Add(uint32(5), []byte(strings.Repeat("9", 40)))
	f.Fuzz(func(t *testing.T, at uint32, junk []byte) {
		body := bytes.Clone(good)
		n := int(at) % (len(body) + 1)
		if len(junk) == 0 { // cut it
			body = body[:n]
		} else {
			body = append(body[:n], append(bytes.Clone(junk), body[min(n+len(junk), len(body)):]...)...)
		}
		inspectDamaged(t, files, target, body)
	})
}

func FuzzMeta(f *testing.F) {
	fuzzFile(f, func(name string) bool { return filepath.Base(name) == "meta.json" })
}

func FuzzWAL(f *testing.F) {
	fuzzFile(f, func(name string) bool { return strings.HasPrefix(name, "wal/0") })
}

func FuzzIndex(f *testing.F) {
	fuzzFile(f, func(name string) bool { return filepath.Base(name) == "index" })
}

func FuzzHeadChunks(f *testing.F) {
	fuzzFile(f, func(name string) bool { return strings.HasPrefix(name, "chunks_head/") })
}

// FuzzRecord feeds records that pass their checksum.
func FuzzRecord(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 'a', 1, 'b'})
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{7, 255, 255, 255})
	f.Add([]byte("\x01\x88\x88\x88\x88\x88\x88\x00\xd6\xf0\xea\xfa\x1a\x00\x1a\x00\xcb\xcb")) // 7 billion labels
	f.Fuzz(func(_ *testing.T, rec []byte) {
		if e, err := newDecoder().decode(rec); err == nil {
			s := newSummer()
			s.entry(e, Range{Forever, Never})
			(&logFilter{keep: Range{0, 100}}).filtered(e)
		}
	})
}
