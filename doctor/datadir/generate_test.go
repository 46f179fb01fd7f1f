package datadir

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/prometheus/prometheus/util/compression"
)

// The good data of all cases: 40 series, of them 4 of native histograms, every minute for three days and an hour.
const (
	goodSeries     = 40
	goodHistograms = 4
	goodStep       = time.Minute
	goodSpan       = 73 * time.Hour
)

func good(n int) labels.Labels {
	name := "good_total"
	if n < goodHistograms {
		name = "good_histogram"
	}
	return labels.FromStrings(model.MetricNameLabel, name, "instance", fmt.Sprintf("vm%d:9100", n))
}

// openDB opens a TSDB as a server does, but compacts only when it is told to.
func openDB(t testing.TB, dir string) *tsdb.DB {
	t.Helper()
	o := tsdb.DefaultOptions()
	o.WALCompression = compression.Snappy
	o.RetentionDuration = (400 * 24 * time.Hour).Milliseconds()
	o.MaxBlockDuration = (31 * 24 * time.Hour).Milliseconds()
	o.OutOfOrderTimeWindow = (20 * time.Minute).Milliseconds()
	o.WALSegmentSize = 1 << 20
	db, err := tsdb.Open(dir, quiet, nil, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.DisableCompactions()
	return db
}

// fill appends a sample per series and step in [from, to), and compacts as a server would when compact is set.
func fill(t testing.TB, db *tsdb.DB, from, to time.Time, step time.Duration, compact bool) {
	t.Helper()
	for at := from; at.Before(to); at = at.Add(step) {
		appendAt(t, db, at, 0, goodSeries)
		if compact && at.Sub(from)%(30*time.Minute) < step {
			compactNow(t, db)
		}
	}
	if compact {
		compactNow(t, db)
	}
}

func compactNow(t testing.TB, db *tsdb.DB) {
	t.Helper()
	db.EnableCompactions()
	if err := db.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	db.DisableCompactions()
}

func appendAt(t testing.TB, db *tsdb.DB, at time.Time, first, end int) {
	t.Helper()
	app := db.Appender(context.Background())
	for n := first; n < end; n++ {
		var err error
		if n < goodHistograms {
			_, err = app.AppendHistogram(0, good(n), at.UnixMilli(), tsdbutil.GenerateTestHistogram(at.Unix()/15+int64(n)), nil)
		} else {
			_, err = app.Append(0, good(n), at.UnixMilli(), float64(at.Unix())+float64(n)/64)
		}
		if err != nil {
			t.Fatalf("append at %s: %v", at, err)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

// base is the good data, made once. It ends right before now, which is when it was made.
var base struct {
	sync.Once
	dir string
	now time.Time
	err error
}

// goodData returns a folder with the good data, and the time when they end. Nobody may change it.
func goodData(t testing.TB) (dir string, now time.Time) {
	t.Helper()
	base.Do(func() {
		if base.dir, base.err = os.MkdirTemp("", "monctl-datadir-"); base.err != nil {
			return
		}
		base.now = time.Now().Truncate(time.Second)
		db := openDB(t, base.dir)
		fill(t, db, base.now.Add(-goodSpan), base.now, goodStep, true)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	})
	if base.err != nil {
		t.Fatal(base.err)
	}
	return base.dir, base.now
}

// copyData makes a copy that a test may break.
func copyData(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

// dump reads all samples until an instant through the library, on a copy: one line per series with number and checksum of its samples, so
// that two dumps are equal when the data are.
func dump(t testing.TB, dir string, until time.Time) string {
	t.Helper()
	dir = copyData(t, dir)
	db := openDB(t, dir)
	defer db.Close()
	q, err := db.Querier(math.MinInt64, until.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	var lines []string
	set := q.Select(context.Background(), true, nil, everything)
	for set.Next() {
		n, sum := 0, uint64(0)
		it := set.At().Iterator(nil)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			n++
			switch kind {
			case chunkenc.ValFloat:
				at, v := it.At()
				sum = mix(sum, uint64(at), math.Float64bits(v))
			case chunkenc.ValHistogram:
				at, h := it.AtHistogram(nil)
				sum = mix(sum, uint64(at), hashHistogram(h))
			case chunkenc.ValFloatHistogram:
				t.Fatal("no float histogram was written")
			}
		}
		if it.Err() != nil {
			t.Fatal(it.Err())
		}
		lines = append(lines, fmt.Sprintf("%s %d %016x", set.At().Labels(), n, sum))
	}
	if set.Err() != nil {
		t.Fatal(set.Err())
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func hashHistogram(h *histogram.Histogram) uint64 {
	h = h.Copy().Compact(0)
	h.CounterResetHint = histogram.UnknownCounterReset
	sum := uint64(0)
	for _, r := range h.String() {
		sum = mix(sum, uint64(r), h.Count)
	}
	return sum
}

// samplesIn counts the samples of a dump.
func samplesIn(dump string) int {
	total := 0
	for line := range strings.Lines(dump) {
		w := strings.Fields(line)
		n := 0
		if len(w) >= 3 {
			_, _ = fmt.Sscan(w[len(w)-2], &n)
		}
		total += n
	}
	return total
}

// known is the truth of tests: this machine's clock is right.
var known = Truth{Known: true, Source: "the test", Bound: 5 * time.Millisecond}

func prove(t testing.TB, dir string) Dir {
	t.Helper()
	d, err := Prove(dir, ProveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func inspect(t testing.TB, d Dir) Inspection {
	t.Helper()
	seen, err := Inspect(context.Background(), d, InspectOptions{Truth: known})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func TestMain(m *testing.M) {
	if os.Getenv(killedEnv) != "" {
		runKilled()
		return
	}
	_ = flag.Set("test.parallel", "6") // most of the time the cases wait for servers
	code := m.Run()
	if base.dir != "" {
		_ = os.RemoveAll(base.dir)
	}
	os.Exit(code)
}
