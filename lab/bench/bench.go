// Package bench compares monctl with what an expert types instead: a loop of ssh commands, all hosts at once. Both work
// on the same real hosts in turn, so that a ratio holds although the machine is shared.
package bench

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/mirror"
)

//go:embed expert.sh
var expertScript []byte

//go:embed clean.sh
var cleanScript string

// Options of Run.
type Options struct {
	Name, Cache string // of the lab
	Hosts       int    // amd64 hosts; the first one also gets Prometheus
	Rounds      int
	Monctl      string    // path of the binary
	Out         io.Writer // rows of the result
}

// Round is what one round measured.
type Round struct {
	ExpertCold, ExpertCheck time.Duration
	Cold, NoOp              time.Duration // of monctl, its cache warm
	Applied                 time.Duration // of Cold: until every host was changed and the proofs began
	ColdRSS, NoOpRSS        int64         // bytes, of the monctl process at its largest
}

// bench is the prepared stage of a comparison.
type bench struct {
	o         Options
	lab       *hosts.Lab
	dir       string
	inventory string
	node, srv string // archives for the expert
	targets   []string
}

// Run brings a lab up, compares, takes the lab down, and prints every round.
func Run(ctx context.Context, o Options) ([]Round, error) {
	defer func() { _ = hosts.Down(context.WithoutCancel(ctx), o.Cache, o.Name) }()
	lab, err := up(ctx, o)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "monctl-bench-")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(dir)
	b := &bench{o: o, lab: lab, dir: dir}
	stop, err := b.prepare(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := b.warm(ctx); err != nil {
		return nil, err
	}
	var rounds []Round
	for n := range o.Rounds {
		r, err := b.round(ctx, n%2 == 1)
		if err != nil {
			return rounds, fmt.Errorf("bench: round %d: %w", n+1, err)
		}
		rounds = append(rounds, r)
		fmt.Fprintf(o.Out, "round %d: cold %s (changed after %s) against %s (%.2f), no-op %s against %s (%.2f), rss %d MB cold, %d MB no-op\n", n+1,
			ms(r.Cold), ms(r.Applied), ms(r.ExpertCold), ratio(r.Cold, r.ExpertCold), ms(r.NoOp), ms(r.ExpertCheck), ratio(r.NoOp, r.ExpertCheck), r.ColdRSS>>20, r.NoOpRSS>>20)
	}
	return rounds, nil
}

// up boots the hosts in groups: two cores do not boot a hundred at once in time.
func up(ctx context.Context, o Options) (*hosts.Lab, error) {
	const group = 20
	for n := group; n < o.Hosts; n += group {
		if _, err := hosts.Up(ctx, hosts.Options{Name: o.Name, Cache: o.Cache, AMD64: n, DiskMB: 1024}); err != nil {
			return nil, err
		}
	}
	return hosts.Up(ctx, hosts.Options{Name: o.Name, Cache: o.Cache, AMD64: o.Hosts, DiskMB: 1024})
}

func ms(d time.Duration) string { return d.Round(time.Millisecond).String() }

func ratio(a, b time.Duration) float64 { return a.Seconds() / b.Seconds() }

// prepare serves the mirror and writes the inventory and the scripts. The returned function stops the mirror.
func (b *bench) prepare(ctx context.Context) (stop func(), err error) {
	cache, err := hosts.Cache(b.o.Cache)
	if err != nil {
		return nil, err
	}
	m, err := mirror.Build(ctx, cache, nil)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(b.lab.Gateway(), "0"))
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	server := &http.Server{Handler: m.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	catalog := filepath.Join(b.dir, "catalog")
	if err := m.WriteCatalog(catalog); err != nil {
		return nil, err
	}
	for _, file := range []struct {
		to        *string
		component string
	}{{&b.node, "node_exporter"}, {&b.srv, "prometheus"}} {
		path, err := b.archive(m, file.component)
		if err != nil {
			return nil, err
		}
		*file.to = path
	}
	var text strings.Builder
	text.WriteString("hosts:\n")
	for n, h := range b.lab.Hosts {
		b.targets = append(b.targets, h.Name+"="+h.Address)
		runs := "[node_exporter]"
		if n == 0 {
			runs = "[node_exporter, prometheus]"
		}
		fmt.Fprintf(&text, "  %s: {address: %s, components: %s}\n", h.Name, h.Address, runs)
	}
	fmt.Fprintf(&text, "mirror: http://%s\ncatalog: %s\n", listener.Addr(), catalog)
	b.inventory = filepath.Join(b.dir, "monctl.yaml")
	if err := os.WriteFile(b.inventory, []byte(text.String()), 0o600); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "expert.sh"), expertScript, 0o600); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	return func() { _ = server.Close() }, nil
}

// archive finds the file of the version that monctl will choose.
func (b *bench) archive(m *mirror.Mirror, component string) (string, error) {
	for _, version := range m.Versions(component) {
		for _, r := range m.Releases {
			if r.Component == component && r.Version == version && r.Arch == "amd64" && !r.Broken {
				return m.Archive(r), nil
			}
		}
	}
	return "", fmt.Errorf("bench: the mirror has no %s", component)
}

// warm fills monctl's cache and the hosts' page caches, and leaves the hosts bare.
func (b *bench) warm(ctx context.Context) error {
	if _, err := b.monctl(ctx, nil, &proving{}); err != nil {
		return err
	}
	return b.clean(ctx)
}

// round measures both, in either order.
func (b *bench) round(ctx context.Context, monctlFirst bool) (r Round, err error) {
	var applied proving
	steps := []func() error{
		func() error {
			if r.ExpertCold, err = b.expert(ctx, "install"); err != nil {
				return err
			}
			r.ExpertCheck, err = b.expert(ctx, "check")
			return err
		},
		func() error {
			var noop proving
			if r.Cold, err = b.monctl(ctx, &r.ColdRSS, &applied); err != nil {
				return err
			}
			r.Applied = applied.began
			r.NoOp, err = b.monctl(ctx, &r.NoOpRSS, &noop)
			return err
		},
	}
	if monctlFirst {
		steps[0], steps[1] = steps[1], steps[0]
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return r, err
		}
		if err := b.clean(ctx); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (b *bench) expert(ctx context.Context, what string) (time.Duration, error) {
	args := append([]string{filepath.Join(b.dir, "expert.sh"), what, b.lab.SSHConfig(), b.node, b.srv}, b.targets...)
	return timed(exec.CommandContext(ctx, "bash", args...), nil, &proving{})
}

func (b *bench) monctl(ctx context.Context, rss *int64, p *proving) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, b.o.Monctl, "-f", b.inventory, "--ssh-config", b.lab.SSHConfig(),
		"--cache-dir", filepath.Join(b.dir, "cache"), "install", "--yes")
	return timed(cmd, rss, p)
}

// proving notes when monctl last said of a host that its proof begins.
type proving struct {
	start time.Time
	began time.Duration
	out   strings.Builder
}

// Write takes what monctl prints, whole lines at a time.
func (p *proving) Write(b []byte) (int, error) {
	if strings.Contains(string(b), ": prove") {
		p.began = time.Since(p.start)
	}
	return p.out.Write(b)
}

// timed runs a command to its end. What it printed is in the error when it fails.
func timed(cmd *exec.Cmd, rss *int64, p *proving) (time.Duration, error) {
	cmd.Stdout, cmd.Stderr = p, p
	p.start = time.Now()
	err := cmd.Run()
	took := time.Since(p.start)
	if err != nil {
		return took, fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, p.out.String())
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && rss != nil {
		*rss = usage.Maxrss << 10 // Linux counts kilobytes
	}
	return took, nil
}

func (b *bench) clean(ctx context.Context) error {
	for _, h := range b.lab.Hosts {
		if _, err := h.Exec(ctx, cleanScript); err != nil {
			return err
		}
	}
	return nil
}
