// Package faults proves that monctl doctor names causes: its test breaks real
// hosts of a lab in one way after another, with the real programs on them, runs
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
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/monctl/monctl/lab/apt"
	"github.com/monctl/monctl/lab/extras"
	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/mirror"
)

// labName keeps this lab apart from others on the machine.
const labName = "faults"

// keep, in the environment, leaves the lab up with its stack, so that single rows can be worked on.
var keep = os.Getenv("MONCTL_LAB_KEEP") != ""

var update = flag.Bool("update", false, "write the table into docs/doctor.md")

// lab is what all rows share; nil where there are no real hosts to be had.
var lab *shared

type shared struct {
	*hosts.Lab
	dir     string // the folder of the inventory, and scratch
	monctl  string // the binary
	url     string // of the mirror
	mirror  *mirror.Mirror
	busybox string // a program that hosts can have as a web server
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	if os.Geteuid() != 0 || testing.Short() {
		return m.Run()
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
	if keep {
		return
	}
	if err := hosts.Down(ctx, "", labName); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if lab != nil && lab.dir != "" {
		_ = os.RemoveAll(lab.dir)
	}
}

func setUp(ctx context.Context) (err error) {
	lab = &shared{}
	if lab.dir, err = folder(); err != nil {
		return err
	}
	built := make(chan error, 1)
	go func() { built <- lab.build(ctx) }()
	if err := errors.Join(lab.start(ctx), <-built); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(lab.dir, "monctl.lock")); err != nil {
		return lab.install(ctx)
	}
	return nil // installed by an earlier run
}

// folder is a new one, or the same as that of earlier runs when the lab is kept.
func folder() (string, error) {
	if !keep {
		return os.MkdirTemp("", "monctl-faults-")
	}
	dir := filepath.Join(os.TempDir(), "monctl-faults-kept")
	return dir, os.MkdirAll(dir, 0o755)
}

// build makes the binary that all rows run, once.
func (s *shared) build(ctx context.Context) error {
	s.monctl = filepath.Join(s.dir, "monctl")
	build := exec.CommandContext(ctx, "go", "build", "-o", s.monctl, "github.com/monctl/monctl/cmd/monctl")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build monctl: %w\n%s", err, out)
	}
	return nil
}

func (s *shared) start(ctx context.Context) error {
	cache, err := hosts.Cache("")
	if err != nil {
		return err
	}
	if s.busybox, err = extras.Busybox(ctx, cache); err != nil {
		return err
	}
	if err := apt.Install(ctx, "nftables"); err != nil {
		return err
	}
	if !keep { // of a run that was killed
		if err := hosts.Down(ctx, "", labName); err != nil {
			return err
		}
	}
	if s.Lab, err = hosts.Up(ctx, hosts.Options{Name: labName, AMD64: 3, ARM64: 1}); err != nil {
		return err
	}
	s.mirror, err = mirror.Build(ctx, cache, nil)
	if err != nil {
		return err
	}
	if err := s.mirror.WriteCatalog(filepath.Join(s.dir, "catalog")); err != nil {
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

// install puts the stack that is broken afterwards on the hosts.
func (s *shared) install(ctx context.Context) error {
	text := "components: {prometheus: {scrape_interval: 2s}}\nhosts:\n"
	for _, h := range s.Hosts {
		components := "node_exporter"
		if h.Name == "h1" {
			components = "prometheus, grafana, alertmanager, node_exporter"
		}
		text += "  " + h.Name + ": {address: " + h.Address + ", components: [" + components + "]}\n"
	}
	if err := os.WriteFile(filepath.Join(s.dir, "monctl.yaml"), []byte(text), 0o600); err != nil {
		return err
	}
	if o := s.run(ctx, "install", "--yes"); o.code != 0 {
		return fmt.Errorf("install: exit %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	program, err := os.ReadFile(s.busybox)
	if err != nil {
		return err
	}
	for _, h := range s.Hosts {
		if _, err := h.Exec(ctx, prepare); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(h.Root(), "usr/local/bin/busybox"), program, 0o755); err != nil {
			return err
		}
	}
	return nil
}
