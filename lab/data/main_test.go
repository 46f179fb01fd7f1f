// Package data proves that monctl data works on real hosts: its tests put directories with samples of the future under real
// Prometheus servers of a lab, and run the real binary. They know monctl by its commands, exit codes and JSON.
//
// The tests need root, for namespaces and mounts, and skip elsewhere.
package data

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
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/mirror"
	"github.com/monctl/monctl/lab/subject"
)

// labName keeps this lab apart from others on the machine.
const labName = "data"

// keep, in the environment, leaves the lab up with its servers, so that single tests can be worked on.
var keep = os.Getenv("MONCTL_LAB_KEEP") != ""

// lab is what all tests share; nil where there are no real hosts to be had.
var lab *shared

type shared struct {
	*hosts.Lab
	dir    string // the folder of the inventory, and scratch
	monctl string // the binary; the one for arm64 lies beside it
	url    string // of the mirror
	mirror *mirror.Mirror
	ntp    string                 // an NTP server with the right time
	cache  string                 // of the lab
	free   map[string]*sync.Mutex // a host is held by the test that works on it
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	if os.Geteuid() != 0 || testing.Short() {
		return m.Run()
	}
	if err := flag.Set("test.parallel", "64"); err != nil { // all tests: each waits for its host
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer takeDown(context.WithoutCancel(ctx))
	if err := setUp(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "data:", err)
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
	if lab != nil {
		_ = os.RemoveAll(lab.dir)
	}
}

func setUp(ctx context.Context) (err error) {
	dir := filepath.Join(os.TempDir(), "monctl-data-kept")
	if err = os.MkdirAll(dir, 0o755); err == nil && !keep {
		dir, err = os.MkdirTemp("", "monctl-data-")
	}
	if err != nil {
		return err
	}
	s := &shared{dir: dir, free: map[string]*sync.Mutex{}}
	built := make(chan error, 1)
	go func() { built <- s.build(ctx) }()
	if err := errors.Join(s.start(ctx), <-built); err != nil {
		return err
	}
	for _, h := range s.Hosts {
		s.free[h.Name] = &sync.Mutex{}
	}
	if s.ntp, err = serveNTP(s.Gateway()+":0", 0); err != nil {
		return err
	}
	lab = s
	if _, err := os.Stat(filepath.Join(dir, "monctl.lock")); err == nil {
		return nil // installed by an earlier run
	}
	return s.install(ctx)
}

// build gets the binary that all tests run.
func (s *shared) build(ctx context.Context) (err error) {
	s.monctl, err = subject.Monctl(ctx, s.dir)
	return err
}

func (s *shared) start(ctx context.Context) error {
	var err error
	if s.cache, err = hosts.Cache(""); err != nil {
		return err
	}
	if s.mirror, err = mirror.Build(ctx, s.cache, nil); err != nil {
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

// loki says that the mirror has a real Loki: it was built when MONCTL_LAB_LOKI was set.
func (s *shared) loki() bool { return len(s.mirror.Versions("loki")) > 0 }

// install puts Debian's Prometheus and Alertmanager, the stand-in for Grafana, and Loki where there is one, on h1, Prometheus on h3 and
// a1, as monctl's components, and leaves h2 to what others installed by hand.
func (s *shared) install(ctx context.Context) error {
	first := "[prometheus, alertmanager, grafana]"
	if s.loki() {
		first = "[prometheus, alertmanager, grafana, loki]"
	}
	text := "components: {prometheus: {version: 2.42.0, scrape_interval: 1s}}\nhosts:\n"
	for _, h := range s.Hosts {
		components := map[string]string{"h1": first, "h2": "[]", "h3": "[prometheus]", "a1": "[prometheus]"}[h.Name]
		text += "  " + h.Name + ": {address: " + h.Address + ", components: " + components + "}\n"
	}
	if err := os.WriteFile(filepath.Join(s.dir, "monctl.yaml"), []byte(text), 0o600); err != nil {
		return err
	}
	if o := s.run(ctx, "install", "--yes", "--mirror="+s.url, "--catalog="+filepath.Join(s.dir, "catalog")); o.code != 0 {
		return fmt.Errorf("install: exit %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	return nil
}

// outcome is what a command did.
type outcome struct {
	args           []string
	code           int
	stdout, stderr string
}

// command is monctl with what this lab needs.
func (s *shared) command(ctx context.Context, args ...string) *exec.Cmd {
	args = append(args, "--ssh-config="+s.SSHConfig(), "--cache-dir="+filepath.Join(s.dir, "cache"), "--timeout=60s")
	cmd := exec.CommandContext(ctx, s.monctl, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"HOME=" + s.dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	return cmd
}

func (s *shared) run(ctx context.Context, args ...string) outcome {
	cmd := s.command(ctx, args...)
	var out, err strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &err
	_ = cmd.Run()
	return outcome{args, cmd.ProcessState.ExitCode(), out.String(), err.String()}
}
