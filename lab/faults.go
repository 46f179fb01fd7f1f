package main

import (
	"github.com/spf13/cobra"
)

func newCut(w *which) *cobra.Command {
	return &cobra.Command{
		Use:   "cut NAME",
		Short: "Take a host off the network, as pulling its cable would",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := find(w, args[0])
			if err != nil {
				return err
			}
			return h.Cut(cmd.Context())
		},
	}
}

func newMend(w *which) *cobra.Command {
	return &cobra.Command{
		Use:   "mend NAME",
		Short: "Undo a cut",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := find(w, args[0])
			if err != nil {
				return err
			}
			return h.Mend(cmd.Context())
		},
	}
}

func newFillDisk(w *which) *cobra.Command {
	var free bool
	var left int64
	cmd := &cobra.Command{
		Use:   "fill-disk NAME",
		Short: "Leave a host no space on its disk; --free gives it back",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := find(w, args[0])
			if err != nil {
				return err
			}
			if free {
				return h.FreeDisk(cmd.Context())
			}
			return h.FillDisk(cmd.Context(), left)
		},
	}
	cmd.Flags().BoolVar(&free, "free", false, "give the whole disk back")
	cmd.Flags().Int64Var(&left, "left", 0, "bytes to leave free")
	return cmd
}
