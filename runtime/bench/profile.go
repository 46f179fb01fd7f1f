package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/monctl/monctl/runtime"
)

// profileTo is set in a process of this program that is to be a monitor and to write its CPU profile.
const profileTo = "MONCTL_BENCH_PROFILE"

// profiled is the monitor of this program's own process; its arguments are address, data folder and configuration.
func profiled(to string, args []string) (err error) {
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	m, err := runtime.Start(runtime.Options{Listen: args[0], Data: args[1], ConfigFile: args[2]})
	if err != nil {
		return err
	}
	return m.Run(ctx, nil)
}

// makeProfile runs a monitor that is profiled through what a monitor does: it scrapes, answers queries, and reads its log at the next
// start. The profile is for go build -pgo.
func makeProfile(ctx context.Context, l load, out, scratch string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	f, err := newFarm(l)
	if err != nil {
		return err
	}
	defer f.close()
	k := kind{"monctl", "profiled", self}
	var written []string
	for _, name := range []string{"scraping", "starting"} {
		to := filepath.Join(scratch, name+".pprof")
		if err := os.Setenv(profileTo, to); err != nil {
			return err
		}
		s, err := scraping(ctx, k, l.interval, f, scratch)
		if err != nil {
			return err
		}
		if name == "scraping" {
			if err := pause(ctx, l.warm+l.measure); err != nil {
				return errors.Join(err, s.end(syscall.SIGKILL))
			}
			if err := interrogate(ctx, newTable("", kinds{k}), l, []*server{s}); err != nil {
				return errors.Join(err, s.end(syscall.SIGKILL))
			}
		}
		if err := s.end(syscall.SIGTERM); err != nil {
			return err
		}
		written = append(written, to)
	}
	merged, err := exec.CommandContext(ctx, "go", append([]string{"tool", "pprof", "-proto"}, written...)...).Output()
	if err != nil {
		return fmt.Errorf("merge %s: %w", strings.Join(written, ", "), err)
	}
	return os.WriteFile(out, merged, 0o644) //nolint:gosec // as the source that it stands beside
}

// profile is makeProfile in a folder of its own.
func profile(ctx context.Context, l load, out string) error {
	scratch, err := os.MkdirTemp("", "monctl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	began := time.Now()
	if err := makeProfile(ctx, l, out, scratch); err != nil {
		return err
	}
	fmt.Printf("%s written after %s\n", out, time.Since(began).Round(time.Second))
	return nil
}
