package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCatalog(w *which) *cobra.Command {
	return &cobra.Command{
		Use:   "catalog DIR",
		Short: "Write a catalogue for monctl --catalog that vouches for the mirror's own sums",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := openMirror(cmd, w, true)
			if err != nil {
				return err
			}
			if len(m.Releases) == 0 {
				return fmt.Errorf("lab: catalog: the mirror is empty; build it with: lab mirror --build-only")
			}
			return m.WriteCatalog(args[0])
		},
	}
}
