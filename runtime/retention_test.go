package runtime

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// oldBlocks writes a block of two hours for each age, all of one size, and gives the bytes of one.
func oldBlocks(t *testing.T, data string, ages ...time.Duration) (size int64) {
	t.Helper()
	const span = 2 * time.Hour
	for _, age := range ages {
		w, err := tsdb.NewBlockWriter(slog.New(slog.DiscardHandler), data, span.Milliseconds())
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now().Add(-age).Truncate(span)
		a := w.Appender(t.Context())
		for n := range int64(100) {
			var ref storage.SeriesRef
			for at := begin; at.Before(begin.Add(span)); at = at.Add(time.Minute) {
				if ref, err = a.Append(ref, lset("old", "n", fmt.Sprint(n)), at.UnixMilli(), float64(at.UnixNano()%(7+n))); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := a.Commit(); err != nil {
			t.Fatal(err)
		}
		id, err := w.Flush(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := tsdb.OpenBlock(nil, filepath.Join(data, id.String()), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		size = b.Size()
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return size
}

// blocks counts the folders of blocks on disk.
func blocks(t *testing.T, data string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(data, "*", "meta.json"))
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func TestRetentionDeletesBlocks(t *testing.T) {
	day := 24 * time.Hour
	ages := []time.Duration{30 * day, 20 * day, 10 * day, 2 * day}
	config := "global: {}\n"
	for name, c := range map[string]struct {
		o    func(size int64) Options
		file string
		keep int
	}{
		"the default of 15 d": {func(int64) Options { return Options{} }, config, 2},
		"time":                {func(int64) Options { return Options{Retention: model.Duration(5 * day)} }, config, 1},
		"time of the file":    {func(int64) Options { return Options{} }, "storage: {tsdb: {retention: {time: 25d}}}\n", 3},
		"for ever":            {func(int64) Options { return Options{Retention: model.Duration(100 * 365 * day)} }, config, 4},
		"size": {func(size int64) Options {
			return Options{Retention: model.Duration(100 * 365 * day), RetentionSize: 2*size + size/2}
		}, config, 2},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			o := c.o(oldBlocks(t, data, ages...))
			o.Data, o.ConfigFile = data, file(t, "p.yml", c.file)
			m := running(t, o)
			until(t, fmt.Sprintf("%d blocks", c.keep), func() bool { return blocks(t, data) == c.keep })
			if got := len(m.store.db.Blocks()); got != c.keep {
				t.Errorf("%d blocks are loaded", got)
			}
			newest := fmt.Sprintf("/api/v1/query?query=count(last_over_time(old[3h]))&time=%d", time.Now().Add(-2*day).Truncate(2*time.Hour).Add(2*time.Hour).Unix())
			if _, body := get(t, m, newest); !strings.Contains(body, `"100"`) {
				t.Errorf("the newest block does not answer: %s", body)
			}
		})
	}
}
