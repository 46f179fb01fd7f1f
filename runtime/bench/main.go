// Command bench measures monctl serve beside other servers, all at once and on the same targets, so that the ratios hold
// whatever the machine does meanwhile. It prints the tables of docs/benchmarks.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

// load is what is scraped, and for how long.
type load struct {
	targets, series int
	interval        time.Duration
	warm, measure   time.Duration
	starts          int // of an idle server
}

func main() {
	l := load{}
	flag.IntVar(&l.targets, "targets", 20, "targets")
	flag.IntVar(&l.series, "series", 5000, "series of each target")
	flag.DurationVar(&l.interval, "interval", 5*time.Second, "between scrapes")
	flag.DurationVar(&l.warm, "warm", 30*time.Second, "before it is measured")
	flag.DurationVar(&l.measure, "measure", 60*time.Second, "that is measured")
	flag.IntVar(&l.starts, "starts", 5, "starts of an idle server")
	var servers kinds
	flag.Var(&servers, "server", "`KIND=FILE` of a server: monctl, prometheus or victoriametrics; the first is compared with the others")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, l, servers); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// kinds are the servers of the command line: NAME[:KIND]=FILE.
type kinds []kind

type kind struct{ name, kind, file string }

func (k *kinds) String() string { return fmt.Sprint(*k) }

// Set reads KIND=FILE or NAME:KIND=FILE.
func (k *kinds) Set(s string) error {
	name, file, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%q: want KIND=FILE", s)
	}
	one := kind{name, name, file}
	if n, what, ok := strings.Cut(name, ":"); ok {
		one.name, one.kind = n, what
	}
	if _, ok := commands[one.kind]; !ok {
		return fmt.Errorf("%q: there is no kind %q", s, one.kind)
	}
	*k = append(*k, one)
	return nil
}

func run(ctx context.Context, l load, servers kinds) error {
	scratch, err := os.MkdirTemp("", "monctl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	average, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return err
	}
	fmt.Printf("load of the machine before: %s", average)
	idle, err := measureIdle(ctx, l, servers, scratch)
	if err != nil {
		return err
	}
	idle.print()
	busy, err := measureLoad(ctx, l, servers, scratch)
	if err != nil {
		return err
	}
	busy.print()
	return nil
}
