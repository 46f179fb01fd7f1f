// Command bench measures monctl serve beside other servers, on the same targets and the same data and in turn or all at once, so that
// the ratios hold whatever the machine does meanwhile. It prints the tables of docs/benchmarks.md.
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
	hold            time.Duration // of the first server alone, at a scrape a second
	starts          int           // of each server, idle and on data
	samples         int           // in the data that servers start on
}

// parts are what can be measured, in this order.
var parts = []struct {
	name    string
	measure func(ctx context.Context, l load, servers kinds, scratch string) (*table, error)
}{
	{"idle", measureIdle},
	{"load", measureLoad},
	{"hold", measureHold},
	{"restart", measureRestart},
}

func main() {
	if to := os.Getenv(profileTo); to != "" {
		if err := profiled(to, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	l := load{}
	flag.IntVar(&l.targets, "targets", 20, "targets")
	flag.IntVar(&l.series, "series", 5000, "series of each target")
	flag.DurationVar(&l.interval, "interval", 5*time.Second, "between scrapes")
	flag.DurationVar(&l.warm, "warm", time.Minute, "before it is measured")
	flag.DurationVar(&l.measure, "measure", 3*time.Minute, "that is measured")
	flag.DurationVar(&l.hold, "hold", 5*time.Minute, "that the first server is to hold a scrape of every target each second")
	flag.IntVar(&l.starts, "starts", 5, "starts of each server")
	flag.IntVar(&l.samples, "samples", 50_000_000, "in the data that servers start on")
	to := flag.String("profile", "", "write a CPU profile of monctl serve to `FILE`, for go build -pgo, and compare nothing")
	only := flag.String("only", "", "`PARTS` with commas: idle, load, hold, restart; all when left out")
	var servers kinds
	flag.Var(&servers, "server", "`[NAME:]KIND=FILE` of a server: monctl, prometheus or victoriametrics; the first is compared with the others")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := error(nil)
	if *to != "" {
		err = profile(ctx, l, *to)
	} else {
		err = run(ctx, l, servers, *only)
	}
	if err != nil {
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

func run(ctx context.Context, l load, servers kinds, only string) error {
	for _, p := range parts {
		if only != "" && !strings.Contains(","+only+",", ","+p.name+",") {
			continue
		}
		if err := measure(ctx, l, servers, p.measure); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// measure runs one part in a folder of its own and prints its table, with the load of the machine before and after.
func measure(ctx context.Context, l load, servers kinds, part func(context.Context, load, kinds, string) (*table, error)) error {
	scratch, err := os.MkdirTemp("", "monctl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	before, err := average()
	if err != nil {
		return err
	}
	t, err := part(ctx, l, servers, scratch)
	if err != nil {
		return err
	}
	after, err := average()
	if err != nil {
		return err
	}
	t.title += fmt.Sprintf(" (load of the machine %s before, %s after)", before, after)
	t.print()
	return nil
}

// average is the load average of the last minute.
func average() (string, error) {
	text, err := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first, err
}
