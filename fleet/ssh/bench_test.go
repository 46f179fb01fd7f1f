package ssh_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/ssh"
)

// BenchmarkHosts makes 100 connections to a real sshd on loopback, as for 100 hosts, runs one script on each and closes. It reports
// the memory of this process with all connections open.
func BenchmarkHosts(b *testing.B) {
	s := fleettest.StartOpenSSH(b, "")
	o := ssh.Options{KnownHosts: []string{s.KnownHosts()}, ConfigFiles: []string{}, ConnectTimeout: time.Minute}
	for b.Loop() {
		o.Auth = ssh.NewAuth(nil)
		conns := make([]fleet.Conn, 100)
		var indexes []int
		for i := range conns {
			indexes = append(indexes, i)
		}
		for _, err := range fleet.Each(b.Context(), 32, indexes, func(ctx context.Context, i int) (err error) {
			if conns[i], err = ssh.Dial(ctx, s.Host(), o); err == nil {
				_, err = conns[i].Run(ctx, fleet.Cmd{Script: "echo ok"})
			}
			return err
		}) {
			must(b, err)
		}
		b.ReportMetric(resident(b, "VmRSS"), "MB-open")
		b.ReportMetric(resident(b, "VmHWM"), "MB-peak")
		for _, c := range conns {
			must(b, c.Close())
		}
	}
}

func resident(b *testing.B, field string) float64 {
	text, err := os.ReadFile("/proc/self/status")
	must(b, err)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			var kb float64
			_, err := fmt.Sscan(rest, &kb)
			must(b, err)
			return kb / 1024
		}
	}
	b.Fatalf("no %s", field)
	return 0
}

func BenchmarkRun(b *testing.B) {
	s := fleettest.StartOpenSSH(b, "")
	c := dialWith(b, s.Host(), ssh.Options{KnownHosts: []string{s.KnownHosts()}, ConfigFiles: []string{}})
	for b.Loop() {
		if _, err := c.Run(b.Context(), fleet.Cmd{Script: "echo ok"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPayload(b *testing.B) {
	s := fleettest.StartOpenSSH(b, "")
	c := dialWith(b, s.Host(), ssh.Options{KnownHosts: []string{s.KnownHosts()}, ConfigFiles: []string{}})
	const size = 100 << 20
	b.SetBytes(size)
	for b.Loop() {
		if _, err := c.Run(b.Context(), fleet.Cmd{Script: "cat >/dev/null", Stdin: zeros{}, Size: size}); err != nil {
			b.Fatal(err)
		}
	}
}
