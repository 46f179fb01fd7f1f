package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/mirror"
	"github.com/spf13/cobra"
)

func newDemo(w *which) *cobra.Command {
	var monctl string
	var offline bool
	o := hosts.Options{AMD64: 3, ARM64: 1}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Bring hosts up, install the stack across them with monctl, and leave it running",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Name, o.Cache = w.name, w.cache
			binary, err := filepath.Abs(monctl)
			if err != nil {
				return err
			}
			return demo(cmd, w, o, binary, offline)
		},
	}
	cmd.Flags().StringVar(&monctl, "monctl", "bin/monctl", "the monctl binary")
	cmd.Flags().BoolVar(&offline, "offline", false, "no release is to be had: what comes is the bundled monitor")
	cmd.Flags().IntVar(&o.AMD64, "amd64", o.AMD64, "number of amd64 hosts")
	cmd.Flags().IntVar(&o.ARM64, "arm64", o.ARM64, "number of emulated arm64 hosts")
	return cmd
}

// demo is the story of the README: bare hosts, one inventory, one command, a second one that changes nothing.
func demo(cmd *cobra.Command, w *which, o hosts.Options, monctl string, offline bool) error {
	out := cmd.ErrOrStderr()
	title(out, "Bare hosts: %d amd64, %d arm64, real systemd, reached over SSH only", o.AMD64, o.ARM64)
	o.Log = func(line string) { fmt.Fprintln(out, line) }
	l, err := hosts.Up(cmd.Context(), o)
	if err != nil {
		return err
	}
	write := offlineInventory
	if offline {
		title(out, "No mirror, no internet: monctl has nothing but itself")
	} else {
		title(out, "A mirror of releases (this machine has no internet for the hosts)")
		if err := startMirror(cmd, w, ""); err != nil {
			return err
		}
		write = demoInventory
	}
	inventory, err := write(w, l)
	if err != nil {
		return err
	}
	run := func(args ...string) error {
		args = append([]string{"-f", inventory, "--ssh-config", l.SSHConfig()}, args...)
		title(out, "monctl %s", strings.Join(args, " "))
		return inherit(cmd.Context(), monctl, args...)
	}
	for _, args := range [][]string{{"install", "--yes"}, {"install", "--yes"}, {"status"}} {
		if err := run(args...); err != nil {
			return err
		}
	}
	if offline {
		goodbyeOffline(cmd.OutOrStdout(), l, monctl, inventory)
		return nil
	}
	goodbye(cmd.OutOrStdout(), l, monctl, inventory)
	return nil
}

func title(out io.Writer, format string, args ...any) {
	fmt.Fprintf(out, "\n== "+format+"\n", args...)
}

// inherit runs a program on this terminal.
func inherit(ctx context.Context, program string, args ...string) error {
	c := exec.CommandContext(ctx, program, args...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	return c.Run()
}

// demoInventory writes the inventory and the catalogue of the mirror into the lab's folder.
func demoInventory(w *which, l *hosts.Lab) (string, error) {
	cache, err := hosts.Cache(w.cache)
	if err != nil {
		return "", err
	}
	m, err := mirror.Open(cache)
	if err != nil {
		return "", err
	}
	if err := m.WriteCatalog(filepath.Join(l.Dir(), "catalog")); err != nil {
		return "", err
	}
	return writeInventory(l, "prometheus, grafana, alertmanager", fmt.Sprintf("mirror: http://%s:%s\ncatalog: ./catalog\n", l.Gateway(), mirrorPort))
}

// offlineInventory asks for what cannot be had: nothing serves where the mirror would be, and the hosts have no way out of
// the lab.
func offlineInventory(_ *which, l *hosts.Lab) (string, error) {
	return writeInventory(l, "prometheus", fmt.Sprintf("mirror: http://%s:%s\nfallback: auto\n", l.Gateway(), mirrorPort))
}

// writeInventory puts components on the first host, and node_exporter on all.
func writeInventory(l *hosts.Lab, components, more string) (string, error) {
	var text strings.Builder
	text.WriteString("# The demo: one host watches, all are watched.\nhosts:\n")
	for n, h := range l.Hosts {
		runs := ""
		if n == 0 {
			runs = ", components: [" + components + "]"
		}
		fmt.Fprintf(&text, "  %s: {address: %s%s}\n", h.Name, h.Address, runs)
	}
	text.WriteString("components:\n  node_exporter: {hosts: all}\n" + more)
	path := filepath.Join(l.Dir(), "monctl.yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	return path, nil
}

func goodbye(out io.Writer, l *hosts.Lab, monctl, inventory string) {
	first := l.Hosts[0]
	fmt.Fprintf(out, `
It runs, and stays until you end it:

  Prometheus    http://%[1]s:9090/api/v1/targets   (the lab's builds have no pages of their own)
  Alertmanager  http://%[1]s:9093
  Grafana       http://%[1]s:3000   a stand-in in this lab, not Grafana

  a host        ssh -F %[2]s %[3]s
  monctl        %[4]s -f %[5]s --ssh-config %[2]s status
  end it        make demo-down
`, first.Address, l.SSHConfig(), first.Name, monctl, inventory)
}

func goodbyeOffline(out io.Writer, l *hosts.Lab, monctl, inventory string) {
	fmt.Fprintf(out, `
It runs, and stays until you end it:

  the monitor   http://%[1]s:9090   hosts, queries, targets, alerts, storage
  monctl        %[2]s -f %[3]s --ssh-config %[4]s status
  end it        make demo-down
`, l.Hosts[0].Address, monctl, inventory, l.SSHConfig())
}
