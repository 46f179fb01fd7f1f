// Package faults proves that monctl doctor names causes: its test breaks real
// hosts of labs in one way after another, with the real programs on them, runs
// the real binary and wants the one right cause and no other. It knows monctl by
// its commands and its JSON, and nothing of its packages.
//
// The test needs root, for namespaces and mounts, and skips elsewhere.
package faults

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/monctl/monctl/lab/apt"
	"github.com/monctl/monctl/lab/extras"
	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/mirror"
	"github.com/monctl/monctl/lab/subject"
)

// stacks is how many stacks are broken at the same time: rows wait more than they work.
const stacks = 3

// keep, in the environment, leaves the labs up with their stacks, so that single rows can be worked on.
var keep = os.Getenv("MONCTL_LAB_KEEP") != ""

var update = flag.Bool("update", false, "write the table into docs/doctor.md")

// lab is what all tests share; nil where there are no real hosts to be had.
var lab *shared

type shared struct {
	dir     string // scratch, and the folders of the sites
	cache   string // of the lab
	monctl  string // the binary
	mirror  *mirror.Mirror
	busybox string     // a program that hosts can have as a web server
	free    chan *site // of three amd64 hosts, to be broken
	sites   []*site    // all, the last one on arm64 and never broken
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	if os.Geteuid() != 0 || testing.Short() {
		return m.Run()
	}
	if err := flag.Set("test.parallel", strconv.Itoa(stacks)); err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer takeDown(context.WithoutCancel(ctx))
	if err := setUp(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 1
	}
	done := make(chan int, 1)
	go func() { done <- m.Run() }()
	select {
	case code := <-done:
		return code
	case <-ctx.Done(): // the hosts go; their tests do not matter any more
		return 130
	}
}

func takeDown(ctx context.Context) {
	if keep || lab == nil {
		return
	}
	for _, s := range lab.sites {
		if err := hosts.Down(ctx, "", s.name); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	if lab.dir != "" {
		_ = os.RemoveAll(lab.dir)
	}
}

func setUp(ctx context.Context) (err error) {
	lab = &shared{free: make(chan *site, stacks)}
	if lab.dir, err = folder(); err != nil {
		return err
	}
	for i := range stacks {
		s := &site{name: "faults-" + strconv.Itoa(i+1), want: hosts.Options{AMD64: 3}, prometheus: "version: 2.53.3, scrape_interval: 2s"}
		lab.sites = append(lab.sites, s)
		lab.free <- s
	}
	lab.sites = append(lab.sites, &site{name: "faults-arm", want: hosts.Options{ARM64: 1}, prometheus: "version: 2.53.3, scrape_interval: 15s"})
	for _, s := range lab.sites {
		s.dir, s.want.Name = filepath.Join(lab.dir, s.name), s.name
	}
	if lab.cache, err = hosts.Cache(""); err != nil {
		return err
	}
	if err := apt.Install(ctx, "nftables", "mariadb-server-core"); err != nil {
		return err
	}
	work := []func() error{
		func() error { return lab.build(ctx) },
		func() error { return lab.programs(ctx, lab.cache) },
	}
	for _, s := range lab.sites {
		work = append(work, func() error { return s.boot(ctx) })
	}
	if err := atOnce(work); err != nil {
		return err
	}
	work = nil
	for _, s := range lab.sites {
		work = append(work, func() error { return s.install(ctx) })
	}
	return atOnce(work)
}

func atOnce(work []func() error) error {
	errs := make([]error, len(work))
	var group sync.WaitGroup
	for i, do := range work {
		group.Go(func() { errs[i] = do() })
	}
	group.Wait()
	return errors.Join(errs...)
}

// folder is a new one, or the same as that of earlier runs when the labs are kept.
func folder() (string, error) {
	if !keep {
		return os.MkdirTemp("", "monctl-faults-")
	}
	dir := filepath.Join(os.TempDir(), "monctl-faults-kept")
	return dir, os.MkdirAll(dir, 0o755)
}

// build gets the binary that all rows run.
func (l *shared) build(ctx context.Context) (err error) {
	l.monctl, err = subject.Monctl(ctx, l.dir)
	return err
}

// programs are those that hosts are given.
func (l *shared) programs(ctx context.Context, cache string) (err error) {
	if l.busybox, err = extras.Busybox(ctx, cache); err != nil {
		return err
	}
	if l.mirror, err = mirror.Build(ctx, cache, nil); err != nil {
		return err
	}
	return l.mirror.WriteCatalog(l.catalog())
}

func (l *shared) catalog() string { return filepath.Join(l.dir, "catalog") }
