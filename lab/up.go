package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/monctl/monctl/lab/hosts"
	"github.com/spf13/cobra"
)

func newUp(w *which) *cobra.Command {
	var o hosts.Options
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Bring hosts up, or add the missing ones, and wait until they answer",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Name, o.Cache = w.name, w.cache
			o.Log = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
			l, err := hosts.Up(cmd.Context(), o)
			if err != nil {
				return err
			}
			return printLab(cmd.OutOrStdout(), l)
		},
	}
	cmd.Flags().IntVar(&o.AMD64, "amd64", 0, "number of amd64 hosts: h1, h2, ...")
	cmd.Flags().IntVar(&o.ARM64, "arm64", 0, "number of emulated arm64 hosts: a1, a2, ...")
	cmd.Flags().IntVar(&o.Plain, "plain", 0, "number of hosts without systemd: p1, p2, ...")
	cmd.Flags().IntVar(&o.DiskMB, "disk", 2048, "size of each host's disk in MiB")
	cmd.Flags().IntVar(&o.Subnet, "subnet", 0, "third byte X of the network 10.231.X.0/24 (default a free one)")
	return cmd
}

func newDown(w *which) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the hosts and remove everything the lab made but its cache",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return hosts.Down(cmd.Context(), w.cache, w.name)
		},
	}
}

func newStatus(w *which) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "List the lab's hosts and how to reach them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := hosts.Open(w.cache, w.name)
			if err != nil {
				return err
			}
			return printLab(cmd.OutOrStdout(), l)
		},
	}
}

func printLab(out io.Writer, l *hosts.Lab) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "HOST\tADDRESS\tARCH\tKIND\tSTATE")
	for _, h := range l.Hosts {
		state := "down"
		if h.Alive() {
			state = "up"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", h.Name, h.Address, h.Arch, h.Kind, state)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print status: %w", err)
	}
	_, err := fmt.Fprintf(out, "\nlab %s: this machine is %s; reach a host with: ssh -F %s NAME\n", l.Name, l.Gateway(), l.SSHConfig())
	return err
}
