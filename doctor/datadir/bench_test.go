package datadir

// Run these with -benchtime 1x: each measures one run of the program on a directory of its own.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"
)

// program builds monctl, whose memory is then measured from outside.
func program(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "monctl")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, "../../cmd/monctl").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return path
}

// measured runs a command line of monctl and reports its peak of memory and its processor time; seconds are the benchmark's own.
func measured(b *testing.B, path string, args ...string) {
	b.Helper()
	var out bytes.Buffer
	cmd := exec.Command(path, append([]string{"data"}, append(args, "--true-source=bench", "--json")...)...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	peak := 0
	for err, running := error(nil), true; running; {
		select {
		case err = <-done:
			running = false
			if code := cmd.ProcessState.ExitCode(); err != nil && code != 3 {
				b.Fatalf("%v: %s", err, out.String())
			}
		case <-time.After(5 * time.Millisecond): // the kernel's own figure for a child is at least the parent's size
			peak = max(peak, residentPeak(cmd.Process.Pid))
		}
	}
	b.ReportMetric(float64(peak)/1000, "MB-peak")
	b.ReportMetric(cmd.ProcessState.UserTime().Seconds()+cmd.ProcessState.SystemTime().Seconds(), "cpu-s/op")
}

// residentPeak reads VmHWM of a process, in kB.
func residentPeak(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n
		}
	}
	return 0
}

// largeWAL writes a log of series × scrapes samples, the last tenth of them in the future.
func largeWAL(b *testing.B, series, scrapes int) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "data")
	w, err := wlog.New(quiet, nil, filepath.Join(dir, "wal"), compression.Snappy)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "chunks_head"), 0o755); err != nil {
		b.Fatal(err)
	}
	var enc record.Encoder
	const target = 5000 // series
	var names []record.RefSeries
	for n := range series {
		names = append(names, record.RefSeries{Ref: chunks.HeadSeriesRef(n + 1), Labels: labels.FromStrings(
			model.MetricNameLabel, "bench_metric_"+strconv.Itoa(n%target), "instance", "vm"+strconv.Itoa(n/target)+":9100", "job", "node")})
	}
	for first := 0; first < series; first += target { // as scrapes do: those of a target together
		if err := w.Log(enc.Series(names[first:first+target], nil)); err != nil {
			b.Fatal(err)
		}
	}
	began := time.Now().Add(-time.Duration(scrapes) * 15 * time.Second * 9 / 10)
	samples := make([]record.RefSample, target)
	for s := range scrapes {
		at := began.Add(time.Duration(s) * 15 * time.Second)
		if s >= scrapes*9/10 {
			at = at.Add(9 * time.Hour)
		}
		for first := 0; first < series; first += target {
			for n := range samples {
				v := float64(s * (n%17 + 1)) // counters
				if n%5 == 0 {
					v = float64((s*7919+n*104729)%10000) / 100 // gauges
				}
				samples[n] = record.RefSample{Ref: chunks.HeadSeriesRef(first + n + 1), T: at.UnixMilli(), V: v}
			}
			if err := w.Log(enc.Samples(samples, nil)); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d samples, %d MB", series*scrapes, bytesBelow(dir)>>20)
	return dir
}

func BenchmarkInspectLargeWAL(b *testing.B) {
	path, dir := program(b), largeWAL(b, 100_000, 550)
	b.ResetTimer()
	for b.Loop() {
		measured(b, path, "inspect", "--local", dir)
	}
}

func BenchmarkRepairLargeWAL(b *testing.B) {
	path, dir := program(b), largeWAL(b, 100_000, 550)
	for b.Loop() { // a repaired directory is not repaired again: -benchtime 1x
		measured(b, path, "repair", "--local", dir, "--yes="+dir)
	}
}

// BenchmarkInspectBlocks has a thousand blocks with real files.
func BenchmarkInspectBlocks(b *testing.B) {
	path, dir := program(b), filepath.Join(b.TempDir(), "data")
	seed := openSeed(b)
	for n := range 1000 {
		id := ulid.MustNew(uint64(time.Now().UnixMilli())+uint64(n), ulid.DefaultEntropy())
		to := filepath.Join(dir, id.String())
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		if out, err := exec.Command("cp", "-a", seed, to).CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		body, err := os.ReadFile(filepath.Join(to, "meta.json"))
		if err != nil {
			b.Fatal(err)
		}
		var meta tsdb.BlockMeta
		if err := json.Unmarshal(body, &meta); err != nil {
			b.Fatal(err)
		}
		meta.ULID = id
		meta.MinTime = time.Now().UnixMilli() - int64(n+2)*headRange.Milliseconds()
		meta.MaxTime = meta.MinTime + headRange.Milliseconds()
		if body, err = json.Marshal(meta); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, "meta.json"), body, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		measured(b, path, "inspect", "--local", dir)
	}
}

// openSeed writes one small block.
func openSeed(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	now := time.Now()
	db := openDB(b, dir)
	fill(b, db, now.Add(-6*time.Hour), now, 5*time.Minute, true)
	closeDB(b, db)
	entries, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		if isBlock(e) {
			return filepath.Join(dir, e.Name())
		}
	}
	b.Fatal("no block")
	return ""
}

// BenchmarkReset puts aside 20 MB and 20 GB; the files are long but sparse where the file system can do that.
func BenchmarkReset(b *testing.B) {
	path := program(b)
	for _, size := range []int64{20 << 20, 20 << 30} {
		b.Run(fmt.Sprintf("%d MB", size>>20), func(b *testing.B) {
			dir := filepath.Join(b.TempDir(), "data")
			for n := range 40 {
				name := filepath.Join(dir, "01ARZ3NDEKTSV4RRFFQ69G5F"+fmt.Sprintf("%02d", n), "chunks", "000001")
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					b.Fatal(err)
				}
				f, err := os.Create(name)
				if err != nil {
					b.Fatal(err)
				}
				if err := f.Truncate(size / 40); err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
			for b.Loop() { // once: what it leaves is empty
				measured(b, path, "reset", "--local", dir, "--yes="+dir)
			}
		})
	}
}
