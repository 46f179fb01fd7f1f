package runtime

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
	"golang.org/x/sys/unix"
)

// The reserve of free space below which no samples are accepted. It keeps the write-ahead log from being cut in the middle:
// a series whose record did not fit would be lost at the next start, with all its later samples. On small file systems it
// is a twentieth.
const (
	reserve       = 64 << 20
	reserveFactor = 20
)

var (
	errDiskFull = errors.New("the disk of the data folder is full: samples are refused until there is space")
	errStopping = errors.New("the monitor is stopping")
)

// guardedStorage serves reads always, and accepts samples while there is no reason to refuse them.
type guardedStorage struct {
	storage.Storage
	refuse func() error // nil accepts
}

func (g guardedStorage) Appender(ctx context.Context) storage.Appender {
	if err := g.refuse(); err != nil {
		return refusing{err}
	}
	return g.Storage.Appender(ctx)
}

func (g guardedStorage) AppenderV2(ctx context.Context) storage.AppenderV2 {
	if err := g.refuse(); err != nil {
		return refusingV2{err}
	}
	return g.Storage.AppenderV2(ctx)
}

// checkDisk looks at the free space and remembers whether it is enough.
func (m *Monitor) checkDisk() {
	var fs unix.Statfs_t
	if err := unix.Statfs(m.o.Data, &fs); err != nil {
		m.log.Warn("data folder: free space", "err", err)
		return
	}
	size := uint64(fs.Bsize) //nolint:gosec // a block size is positive
	full := fs.Bavail*size < min(reserve, fs.Blocks*size/reserveFactor)
	if m.diskFull.Swap(full) == full {
		return
	}
	if full {
		m.log.Error(errDiskFull.Error(), "folder", m.o.Data, "free_bytes", fs.Bavail*size)
	} else {
		m.log.Info("the disk has space again: samples are accepted", "folder", m.o.Data, "free_bytes", fs.Bavail*size)
	}
}

func (m *Monitor) diskMetric() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "monctl_storage_degraded", Help: "1 while samples are refused because the disk is full.",
	}, func() float64 {
		if m.diskFull.Load() {
			return 1
		}
		return 0
	})
}

// refuse is why samples are not accepted now.
func (m *Monitor) refuse() error {
	switch {
	case m.stopping.Load():
		return errStopping
	case m.diskFull.Load():
		return errDiskFull
	}
	return nil
}

// refusing refuses everything.
type refusing struct{ why error }

func (refusing) SetOptions(*storage.AppendOptions) {}
func (r refusing) Commit() error                   { return r.why }
func (refusing) Rollback() error                   { return nil }

func (r refusing) Append(storage.SeriesRef, labels.Labels, int64, float64) (storage.SeriesRef, error) {
	return 0, r.why
}

func (r refusing) AppendExemplar(storage.SeriesRef, labels.Labels, exemplar.Exemplar) (storage.SeriesRef, error) {
	return 0, r.why
}

func (r refusing) AppendHistogram(storage.SeriesRef, labels.Labels, int64, *histogram.Histogram, *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return 0, r.why
}

func (r refusing) AppendHistogramSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64, *histogram.Histogram, *histogram.FloatHistogram) (storage.SeriesRef, error) {
	return 0, r.why
}

func (r refusing) UpdateMetadata(storage.SeriesRef, labels.Labels, metadata.Metadata) (storage.SeriesRef, error) {
	return 0, r.why
}

func (r refusing) AppendSTZeroSample(storage.SeriesRef, labels.Labels, int64, int64) (storage.SeriesRef, error) {
	return 0, r.why
}

// refusingV2 is refusing for the newer interface.
type refusingV2 struct{ why error }

func (r refusingV2) Append(storage.SeriesRef, labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram, storage.AOptions) (storage.SeriesRef, error) {
	return 0, r.why
}
func (r refusingV2) Commit() error { return r.why }
func (refusingV2) Rollback() error { return nil }
