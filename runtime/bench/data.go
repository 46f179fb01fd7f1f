package main

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
)

// makeData writes samples that end now, with the library that the servers use, and leaves the folder open: nothing of it is closed.
func makeData(ctx context.Context, folder string, l load) error {
	opts := tsdb.DefaultOptions()
	opts.WALCompression = compression.Snappy
	db, err := tsdb.Open(folder, slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		return err
	}
	db.DisableCompactions()
	series := make([]labels.Labels, l.targets*l.series)
	refs := make([]storage.SeriesRef, len(series))
	for i := range series {
		series[i] = labels.FromStrings("__name__", "x_total", "instance", "127.0.0.1:"+strconv.Itoa(10000+i%l.targets), "job", "load",
			"path", "/api/v1/thing/"+strconv.Itoa(i/l.targets), "code", "200")
	}
	scrapes := l.samples / len(series)
	step := min(15*time.Second, 2*time.Hour/time.Duration(scrapes)) // a head of two hours at most, or it would be compacted
	at := time.Now().Add(-step * time.Duration(scrapes))
	for n := range scrapes {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a := db.Appender(ctx)
		for i := range series {
			value := float64(n * (1 + i%7))
			if i%5 == 0 { // a gauge that wanders
				value = float64((n*7919+i*104729)%10000) / 100
			}
			if refs[i], err = a.Append(refs[i], series[i], at.UnixMilli(), value); err != nil {
				return err
			}
		}
		if err := a.Commit(); err != nil {
			return err
		}
		at = at.Add(step)
	}
	db.ForceHeadMMap()
	return nil
}

// copyTree copies a folder.
func copyTree(to, from string) error { return os.CopyFS(to, os.DirFS(from)) }
