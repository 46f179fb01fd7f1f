package runtime

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Upstream's own test files of PromQL, on the storage as the monitor opens it. The engine is upstream's for tests, because
// some files need features that are behind flags in a server.
func TestUpstreamsPromQL(t *testing.T) {
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	promqltest.RunBuiltinTestsWithStorage(t, engine, func(t testing.TB) storage.Storage {
		c := config.DefaultConfig
		c.StorageConfig.TSDBConfig = &config.TSDBConfig{Retention: &config.TSDBRetentionConfig{}}
		opts := tsdbOptions(&c)
		day := int64(24 * time.Hour / time.Millisecond) // samples of a file lie up to days apart
		opts.MinBlockDuration, opts.MaxBlockDuration = day, day
		opts.EnableSTStorage, opts.FloatChunkEncoding = true, chunkenc.EncXOR2 // for the files on start timestamps
		db, err := tsdb.Open(t.TempDir(), slog.New(slog.DiscardHandler), nil, opts, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() }) // the files close it, too
		return guardedStorage{db, func() error { return nil }}
	})
}
