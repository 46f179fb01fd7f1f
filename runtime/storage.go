package runtime

import (
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
)

// remoteFlush bounds how long a stop waits for remote write: half of the second that a stop may take. What is not sent stays in the WAL, but a restart sends only
// newer samples.
const remoteFlush = 500 * time.Millisecond

// store is the TSDB and the remote ends beside it.
type store struct {
	db       *tsdb.DB
	remote   *remote.Storage
	sends    atomic.Bool     // samples, to remote ends
	all      storage.Storage // reads and writes both
	metadata *scraper        // of targets, for remote write
}

func openStore(o Options, c *config.Config, reg prometheus.Registerer, stats *tsdb.DBStats, refuse func() error) (*store, error) {
	opts := tsdbOptions(c)
	db, err := tsdb.Open(o.Data, o.Logger.With("component", "tsdb"), reg, opts, stats)
	if err != nil {
		return nil, err
	}
	s := &store{db: db, metadata: &scraper{}}
	start := func() (int64, error) { return s.startTime(o.Now), nil }
	s.remote = remote.NewStorage(o.Logger.With("component", "remote"), reg, start, o.Data, remoteFlush, s.metadata, false)
	s.all = guardedStorage{fanout{storage.NewFanout(o.Logger, db, s.remote), db, &s.sends}, refuse}
	db.SetWriteNotified(s.remote)
	registerTimes(reg, db)
	return s, nil
}

// apply sets the remote ends, retention and the like.
func (s *store) apply(c *config.Config) error {
	s.sends.Store(len(c.RemoteWriteConfigs) > 0)
	return errors.Join(s.db.ApplyConfig(c), s.remote.ApplyConfig(c))
}

// fanout is upstream's, but gives samples to the TSDB alone while they are sent nowhere else. Upstream's hands each sample to
// remote write in any case, which then notes its time.
type fanout struct {
	storage.Storage
	db    *tsdb.DB
	sends *atomic.Bool
}

func (f fanout) Appender(ctx context.Context) storage.Appender {
	if f.sends.Load() {
		return f.Storage.Appender(ctx)
	}
	return f.db.Appender(ctx)
}

func (f fanout) AppenderV2(ctx context.Context) storage.AppenderV2 {
	if f.sends.Load() {
		return f.Storage.AppenderV2(ctx)
	}
	return f.db.AppenderV2(ctx)
}

// tsdbOptions are those of upstream's server, which differ from the library's defaults: the WAL is compressed, and large
// blocks are made.
func tsdbOptions(c *config.Config) *tsdb.Options {
	opts := tsdb.DefaultOptions()
	opts.NoLockfile = true // taken before anything in the folder is touched: see lock.go
	opts.WALCompression = compression.Snappy
	opts.WALReplayConcurrency = replayWorkers(goruntime.GOMAXPROCS(0))
	retention := c.StorageConfig.TSDBConfig.Retention
	opts.RetentionDuration = int64(time.Duration(retention.Time) / time.Millisecond)
	opts.MaxBytes = int64(retention.Size)
	opts.MaxPercentage = retention.Percentage
	opts.OutOfOrderTimeWindow = c.StorageConfig.TSDBConfig.OutOfOrderTimeWindow
	opts.MaxBlockDuration = int64(maxBlockDuration / time.Millisecond)
	if r := opts.RetentionDuration; r > 0 {
		opts.MaxBlockDuration = max(min(opts.MaxBlockDuration, r/10), opts.MinBlockDuration)
	}
	if e := c.StorageConfig.ExemplarsConfig; e != nil {
		opts.EnableExemplarStorage, opts.MaxExemplars = true, e.MaxExemplars
	}
	return opts
}

// replayWorkers is how many goroutines put the samples of the log into the head at a start, beside the one that reads it. Upstream has
// one for each core; on two cores four are done in 0.91 of the time (50 million samples; docs/benchmarks.md). On one core they gain nothing.
func replayWorkers(cores int) int {
	if cores == 1 {
		return 1
	}
	return max(cores, 4)
}

// startTime is the oldest time that remote read need not be asked for, with upstream's margin of two blocks.
func (s *store) startTime(now func() time.Time) int64 {
	start := now().UnixMilli()
	if blocks := s.db.Blocks(); len(blocks) > 0 {
		start = blocks[0].Meta().MinTime
	}
	return start + 2*tsdb.DefaultBlockDuration
}

// registerTimes adds the three gauges that upstream's main adds to those of tsdb; names and help are theirs.
func registerTimes(reg prometheus.Registerer, db *tsdb.DB) {
	gauge := func(name, help string, ms func() int64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(ms() / 1000) }))
	}
	gauge("prometheus_tsdb_lowest_timestamp_seconds", "Lowest timestamp value stored in the database.", func() int64 {
		if blocks := db.Blocks(); len(blocks) > 0 {
			return blocks[0].Meta().MinTime
		}
		return db.Head().MinTime()
	})
	gauge("prometheus_tsdb_head_min_time_seconds", "Minimum time bound of the head block.", db.Head().MinTime)
	gauge("prometheus_tsdb_head_max_time_seconds", "Maximum timestamp of the head block.", db.Head().MaxTime)
}

// close stops accepting samples and syncs what there is.
func (s *store) close() error { return s.all.Close() }

// scraper is asked by remote write for the scrape manager, which is made later.
type scraper struct {
	manager atomic.Pointer[scrape.Manager]
}

func (m *scraper) Get() (*scrape.Manager, error) {
	if manager := m.manager.Load(); manager != nil {
		return manager, nil
	}
	return nil, errors.New("no target was scraped yet")
}

// DataError is a data folder that cannot be opened.
type DataError struct {
	Dir   string
	Cause error
}

func (e *DataError) Error() string { return fmt.Sprintf("%s: open: %s", e.Dir, e.Cause) }

// Unwrap gives the cause.
func (e *DataError) Unwrap() error { return e.Cause }
