// Package clocks proves what monctl doctor says and does about clocks: a whole virtual machine whose real clock is wrong, with
// real time daemons in it and a real Prometheus, and a host in namespaces whose programs are shown a shifted time. A real NTP
// server, chronyd, knows the true time on the lab's bridge. It knows monctl by its commands and its JSON alone.
//
// The tests need root, for the machine and its network, and skip elsewhere.
package clocks

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
	"time"

	"github.com/monctl/monctl/lab/apt"
	"github.com/monctl/monctl/lab/extras"
	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/mirror"
	"github.com/monctl/monctl/lab/roots"
	"github.com/monctl/monctl/lab/subject"
)

const (
	labName = "test-clocks"
	// ahead is the seed case: a server 8 h 49 m 28 s in the future.
	ahead = 31768 * time.Second
)

// keep, in the environment, leaves the lab up, so that single rows can be worked on.
var keep = os.Getenv("MONCTL_LAB_KEEP") != ""

var update = flag.Bool("update", false, "write the table into docs/doctor.md")

// lab is what all tests share; nil where there are no real hosts to be had.
var lab *shared

type shared struct {
	*hosts.Lab
	vm, host *hosts.Host
	dir      string // the folder of the inventory, and scratch
	monctl   string // the binary
	mirror   string // the address of the releases
	ntp      *exec.Cmd
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	if os.Geteuid() != 0 || testing.Short() {
		return m.Run()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	lab = &shared{}
	defer lab.takeDown(context.WithoutCancel(ctx))
	if err := lab.start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "clocks:", err)
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

func (s *shared) takeDown(ctx context.Context) {
	if s.ntp != nil {
		_ = s.ntp.Process.Kill()
		_ = s.ntp.Wait()
	}
	if keep {
		return
	}
	if err := hosts.Down(ctx, "", labName); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	_ = os.RemoveAll(s.dir)
}

func (s *shared) start(ctx context.Context) (err error) {
	cache, err := hosts.Cache("")
	if err != nil {
		return err
	}
	if s.dir, err = folder(); err != nil {
		return err
	}
	if !keep { // of a run that was killed
		if err := hosts.Down(ctx, "", labName); err != nil {
			return err
		}
	}
	built := make(chan error, 1)
	go func() { built <- s.build(ctx) }()
	if s.Lab, err = hosts.Up(ctx, hosts.Options{Name: labName, AMD64: 1}); err == nil {
		_, err = hosts.UpVM(ctx, hosts.Options{Name: labName}, time.Now().Add(ahead))
	}
	if err := errors.Join(err, <-built); err != nil {
		return err
	}
	if s.Lab, err = hosts.Open(cache, labName); err != nil {
		return err
	}
	s.vm, err = s.Host("v1")
	if err != nil {
		return err
	}
	if s.host, err = s.Host("h1"); err != nil {
		return err
	}
	return errors.Join(s.serveTime(ctx, cache), s.serveReleases(ctx, cache), s.servePackages(ctx, cache))
}

// folder is a new one, or the same as that of earlier runs when the lab is kept.
func folder() (string, error) {
	if !keep {
		return os.MkdirTemp("", "monctl-clocks-")
	}
	dir := filepath.Join(os.TempDir(), "monctl-clocks-kept")
	return dir, os.MkdirAll(dir, 0o755)
}

// build gets the binary that all tests run.
func (s *shared) build(ctx context.Context) (err error) {
	s.monctl, err = subject.Monctl(ctx, s.dir)
	return err
}

// serveTime runs a real NTP server with this machine's time on the lab's bridge. It never sets this machine's clock (-x).
func (s *shared) serveTime(ctx context.Context, cache string) error {
	program, err := extras.Chrony(ctx, cache)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("local stratum 2\nallow\nbindaddress %s\ncmdport 0\nbindcmdaddress /\npidfile %s/ntp.pid\n", s.Gateway(), s.dir)
	file := filepath.Join(s.dir, "ntp.conf")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	s.ntp = exec.CommandContext(ctx, program, "-x", "-d", "-u", "root", "-f", file)
	return s.ntp.Start()
}

// serveReleases serves the mirror that monctl installs from.
func (s *shared) serveReleases(ctx context.Context, cache string) error {
	m, err := mirror.Build(ctx, cache, nil)
	if err != nil {
		return err
	}
	if err := m.WriteCatalog(filepath.Join(s.dir, "catalog")); err != nil {
		return err
	}
	s.mirror, err = s.serve(m.Handler())
	return err
}

// servePackages gives both hosts a package source of their own, as the machine's is out of their reach.
func (s *shared) servePackages(ctx context.Context, cache string) error {
	root, err := roots.Ensure(ctx, cache, "amd64")
	if err != nil {
		return err
	}
	dir := filepath.Join(s.dir, "packages")
	if err := apt.Flat(ctx, root, dir, "chrony", "systemd-timesyncd", "ntpsec", "libfaketime", "perl"); err != nil {
		return err
	}
	address, err := s.serve(http.FileServer(http.Dir(dir)))
	if err != nil {
		return err
	}
	for _, h := range s.Hosts {
		if _, err := h.Exec(ctx, "echo 'deb [trusted=yes] "+address+"/ ./' >/etc/apt/sources.list"); err != nil {
			return err
		}
	}
	return nil
}

// serve listens on the lab's bridge until the process ends.
func (s *shared) serve(handler http.Handler) (address string, err error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(s.Gateway(), "0"))
	if err != nil {
		return "", err
	}
	go func() { _ = http.Serve(listener, handler) }()
	return "http://" + listener.Addr().String(), nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
