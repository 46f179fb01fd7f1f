package main

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"time"
)

// settle is how long after its start an idle server is looked at.
const settle = time.Second

// measureIdle starts each server in turn on empty folders.
func measureIdle(ctx context.Context, l load, servers kinds, scratch string) (*table, error) {
	t := newTable(fmt.Sprintf("Idle, median of %d starts in turn on empty folders", l.starts), servers)
	figures := make([]medians, len(servers))
	for n := range l.starts {
		for i, k := range servers {
			config, err := write(scratch, k, l.interval, "")
			if err != nil {
				return nil, err
			}
			s, err := prepare(ctx, k, filepath.Join(scratch, fmt.Sprintf("%s-%d", k.name, n)), config)
			if err != nil {
				return nil, err
			}
			if err := started(ctx, s, &figures[i]); err != nil {
				return nil, err
			}
		}
	}
	for i := range servers {
		figures[i].into(t, i)
	}
	return t, nil
}

// measureRestart starts each server in turn on data of which nothing was closed, as kill -9 leaves it.
func measureRestart(ctx context.Context, l load, servers kinds, scratch string) (*table, error) {
	t := newTable(fmt.Sprintf("Start after kill -9 on %d million samples of %d series, median of %d in turn", l.samples/1e6, l.targets*l.series, l.starts), servers)
	made := filepath.Join(scratch, "made")
	if err := makeData(ctx, made, l); err != nil {
		return nil, fmt.Errorf("make the data: %w", err)
	}
	running := make([]*server, len(servers))
	for i, k := range servers {
		if k.kind == "victoriametrics" { // it has no log, and no use for this one
			continue
		}
		config, err := write(scratch, k, l.interval, "")
		if err != nil {
			return nil, err
		}
		data := filepath.Join(scratch, k.name)
		if err := copyTree(data, made); err != nil {
			return nil, err
		}
		if running[i], err = prepare(ctx, k, data, config); err != nil {
			return nil, err
		}
	}
	figures := make([]medians, len(servers))
	for range l.starts {
		for i, s := range running {
			if s == nil {
				continue
			}
			if err := started(ctx, s, &figures[i]); err != nil {
				return nil, err
			}
		}
	}
	for i := range servers {
		figures[i].into(t, i)
	}
	return t, nil
}

// started starts a server, looks at it, and kills it.
func started(ctx context.Context, s *server, figures *medians) error {
	took, err := s.run(ctx)
	if err != nil {
		return err
	}
	used, err := s.cpu()
	if err != nil {
		return err
	}
	time.Sleep(settle)
	resident, _, most, err := s.memory()
	if err != nil {
		return err
	}
	figures.add("ready ms", float64(took.Microseconds())/1e3)
	figures.add("CPU until then, ms", float64(used.Milliseconds()))
	figures.add("RSS MB", resident/1e6)
	figures.add("largest RSS MB", most/1e6)
	return s.end(syscall.SIGKILL)
}
