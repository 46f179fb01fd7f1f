package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/monctl/monctl/lab/bench"
	"github.com/spf13/cobra"
)

func newBench(w *which) *cobra.Command {
	o := bench.Options{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Compare monctl install with an expert's parallel ssh loop, on real hosts",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Name, o.Cache, o.Out = "bench", w.cache, cmd.OutOrStdout()
			rounds, err := bench.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			report := func(what string, of func(bench.Round) float64) {
				values := make([]float64, len(rounds))
				for i, r := range rounds {
					values[i] = of(r)
				}
				slices.SortFunc(values, cmp.Compare)
				fmt.Fprintf(o.Out, "%-28s min %.2f  median %.2f  max %.2f\n", what, values[0], values[len(values)/2], values[len(values)-1])
			}
			report("cold, monctl / expert", func(r bench.Round) float64 { return r.Cold.Seconds() / r.ExpertCold.Seconds() })
			report("changed, monctl / expert", func(r bench.Round) float64 { return r.Applied.Seconds() / r.ExpertCold.Seconds() })
			report("no-op, monctl / expert", func(r bench.Round) float64 { return r.NoOp.Seconds() / r.ExpertCheck.Seconds() })
			report("cold, expert, seconds", func(r bench.Round) float64 { return r.ExpertCold.Seconds() })
			report("cold, monctl, seconds", func(r bench.Round) float64 { return r.Cold.Seconds() })
			report("no-op, expert, seconds", func(r bench.Round) float64 { return r.ExpertCheck.Seconds() })
			report("no-op, monctl, seconds", func(r bench.Round) float64 { return r.NoOp.Seconds() })
			report("largest monctl, MB", func(r bench.Round) float64 { return float64(max(r.ColdRSS, r.NoOpRSS)) / 1e6 })
			return nil
		},
	}
	cmd.Flags().IntVar(&o.Hosts, "hosts", 10, "number of hosts; the first also gets Prometheus")
	cmd.Flags().IntVar(&o.Rounds, "rounds", 5, "measured rounds")
	cmd.Flags().StringVar(&o.Monctl, "monctl", "bin/monctl", "the monctl binary")
	return cmd
}
