// Package acceptance proves that monctl works and cannot be broken: its tests
// run the real binary against real systemd hosts of a lab. They know monctl as
// its users do, by its words, exit codes and what it leaves on hosts, and
// nothing of its packages.
//
// The tests need root, for namespaces and mounts, and skip elsewhere.
package acceptance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/monctl/monctl/lab/extras"
	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/mirror"
	"github.com/monctl/monctl/lab/subject"
)

// labName keeps this lab apart from others on the machine.
const labName = "accept"

// lab is what all tests share; nil where there are no real hosts to be had.
var lab *shared

type shared struct {
	*hosts.Lab
	mirror  *mirror.Mirror
	dir     string // scratch, gone at the end
	monctl  string // the binary; the one for arm64 lies beside it
	url     string // of the mirror, for this machine and for hosts
	catalog string // vouches for the mirror's sums
	cache   string // downloads that tests share
	busybox string // a program that hosts can have as wget
	free    *freeHosts
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Geteuid() != 0 {
		return m.Run()
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "3"); err != nil { // one per amd64 host: tests wait more than they work
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer func() {
		if err := hosts.Down(context.WithoutCancel(ctx), "", labName); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if err := setUp(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
		return 1
	}
	defer os.RemoveAll(lab.dir)
	done := make(chan int, 1)
	go func() { done <- m.Run() }()
	select {
	case code := <-done:
		return code
	case <-ctx.Done(): // the hosts go; their tests do not matter any more
		return 130
	}
}

func setUp(ctx context.Context) (err error) {
	lab = &shared{}
	if lab.dir, err = os.MkdirTemp("", "monctl-acceptance-"); err != nil {
		return err
	}
	lab.catalog, lab.cache = filepath.Join(lab.dir, "catalog"), filepath.Join(lab.dir, "cache")
	built := make(chan error, 1)
	go func() { built <- lab.build(ctx) }()
	return errors.Join(lab.start(ctx), <-built)
}

// build gets the binary that all tests run.
func (s *shared) build(ctx context.Context) (err error) {
	s.monctl, err = subject.Monctl(ctx, s.dir)
	return err
}

func (s *shared) start(ctx context.Context) error {
	cache, err := hosts.Cache("")
	if err != nil {
		return err
	}
	if s.mirror, err = mirror.Build(ctx, cache, nil); err != nil {
		return err
	}
	if err := s.mirror.WriteCatalog(s.catalog); err != nil {
		return err
	}
	if s.busybox, err = extras.Busybox(ctx, cache); err != nil {
		return err
	}
	if err := hosts.Down(ctx, "", labName); err != nil { // of a run that was killed
		return err
	}
	if s.Lab, err = hosts.Up(ctx, hosts.Options{Name: labName, AMD64: 3, ARM64: 1, Plain: 1}); err != nil {
		return err
	}
	if s.free, err = bareHosts(ctx, s.Lab); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(s.Gateway(), "0"))
	if err != nil {
		return err
	}
	s.url = "http://" + listener.Addr().String()
	go func() { _ = http.Serve(listener, s.mirror.Handler()) }() // until the process ends
	return nil
}

func needLab(t *testing.T) {
	t.Helper()
	if lab == nil {
		t.Skip("needs root: it installs on real hosts")
	}
}
