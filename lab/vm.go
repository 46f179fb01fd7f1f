package main

import (
	"fmt"
	"time"

	"github.com/monctl/monctl/lab/hosts"
	"github.com/spf13/cobra"
)

func newVM(w *which) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vm",
		Short: "Add a whole virtual machine, v1, whose clock may be wrong, to the lab",
	}
	cmd.AddCommand(newVMUp(w), newVMDown(w))
	return cmd
}

func newVMUp(w *which) *cobra.Command {
	var rtc string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the virtual machine and wait until it answers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			start, err := parseRTC(rtc)
			if err != nil {
				return err
			}
			o := hosts.Options{Name: w.name, Cache: w.cache, Log: func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }}
			h, err := hosts.UpVM(cmd.Context(), o, start)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\n", h.Name, h.Address)
			return err
		},
	}
	cmd.Flags().StringVar(&rtc, "rtc", "", "time its clock starts with, in UTC: 2026-11-22T21:36:00, 2026-11-22, or +72h from now (default the right time)")
	return cmd
}

func newVMDown(w *which) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the virtual machine and remove its disk",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return hosts.DownVM(cmd.Context(), w.cache, w.name)
		},
	}
}

// parseRTC takes a time, a day, or an offset from now; empty is the zero time.
func parseRTC(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if offset, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(offset), nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("lab: vm: rtc %q: want a time like 2026-11-22T21:36:00 or an offset like +72h", text)
}
