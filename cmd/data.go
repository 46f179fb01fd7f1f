package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/doctor/datadir"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// dataOptions are the flags of monctl data.
type dataOptions struct {
	local     string
	kind      string
	identity  string // what is to be typed; the directory itself when empty
	yes       string
	others    []string
	retention time.Duration
	ntp       []string
	// The caller that already knows the clock says so: true time minus this machine's clock.
	trueOffset, trueBound time.Duration
	trueSource            string

	planOnly bool
	closing  bool   // of the window
	to       string // folder of this machine that a backup goes to
	stopped  bool   // no snapshot of the server
	snapshot string // that a server made itself, for a backup
	// interrupted lets a restore only take back an operation that was cut off, and do nothing else.
	interrupted bool
	noDowntime  bool
	prevent     bool // do what keeps it from happening again
	stuck       bool
	noWindow    bool
	reader      string // version of the Prometheus that is to read it, or "monctl"
	html        string
}

// plainYes is what --yes without a value stands for. It confirms nothing.
const plainYes = "nothing"

func newData(g *globals) *cobra.Command {
	o := &dataOptions{}
	c := &cobra.Command{
		Use:   "data",
		Short: "Look into, repair, reset and restore a data directory",
		Long: `Looks at the data directory of a Prometheus, and cures one that refuses samples because a
clock was wrong, without losing the good ones. Nothing is changed in place and nothing is
deleted: what was there is put aside by a rename and can be brought back.

On a host (HOST/COMPONENT), whoever installed it: monctl finds out where the data really
are, sends itself there, keeps the unit stopped while it works, starts it and proves that it
takes samples. HOST is of the inventory, or [user@]address without one. Data of Grafana and
Loki are backed up, reset and restored as a whole.`,
		Example: `  monctl data inspect vm1/prometheus
  monctl data repair vm1/prometheus --plan
  monctl data repair vm1/prometheus --yes=vm1/prometheus
  monctl data restore vm1/prometheus
  monctl data inspect --local /var/lib/prometheus/metrics2`,
		Args: unknownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	o.flags(c.PersistentFlags())
	c.AddCommand(newDataInspect(g, o), newDataRepair(g, o),
		newDataAction(g, o, datadir.Reset, "reset [HOST/COMPONENT]", "Put everything aside and start empty",
			"Renames the directory aside and puts an empty one in its place, with its owner and mode."),
		newDataAction(g, o, datadir.Restore, "restore [HOST/COMPONENT] [ID]", "Bring back what a repair or a reset put aside, or a backup",
			"What is there now is put aside in turn. Without an ID the newest that can be restored is. An\ninterrupted repair, reset or restore is taken back."),
		newDataAction(g, o, datadir.Backup, "backup [HOST/COMPONENT]", "Copy the directory as it is, beside it",
			"A server on a host that has --web.enable-admin-api makes a snapshot, and goes on running.\nElse the unit is stopped for the moment in which files that are never written again are\nhard-linked and the others copied. It takes little time and space, stays beside the data and\nis brought back with restore ID; or it comes to this machine (--to)."),
		newDataAction(g, o, datadir.Purge, "purge [HOST/COMPONENT] ID", "Delete for good what was put aside or copied",
			"Deletes one operation's folder. What it held does not come back."),
		newDataSend(g, o))
	return c
}

func (o *dataOptions) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&o.local, "local", "", "`DIR` of this machine, without SSH")
	f.StringVar(&o.yes, "yes", "", "do not ask: the `IDENTITY` that would be typed")
	f.Lookup("yes").NoOptDefVal = plainYes
	f.StringVar(&o.kind, "kind", string(datadir.Prometheus), "whose data it is: prometheus, grafana, loki, alertmanager")
	f.DurationVar(&o.retention, "retention", 0, "storage.tsdb.retention.time of the server, as `TIME` (15 days: 360h)")
	f.StringSliceVar(&o.ntp, "ntp", nil, "NTP `SERVERS` that know the true time (default: the pool)")
	f.StringVar(&o.identity, "identity", "", "`NAME` that is typed to confirm")
	f.StringSliceVar(&o.others, "other", nil, "`FOLDERS` of something else that must not overlap it")
	f.DurationVar(&o.trueOffset, "true-offset", 0, "true time minus this machine's clock")
	f.DurationVar(&o.trueBound, "true-bound", 0, "bound of --true-offset")
	f.StringVar(&o.trueSource, "true-source", "", "what --true-offset rests on")
	for _, name := range []string{"identity", "other", "true-offset", "true-bound", "true-source"} {
		_ = f.MarkHidden(name) // a controller that already knows uses them
	}
}

func newDataInspect(g *globals, o *dataOptions) *cobra.Command {
	c := &cobra.Command{
		Use:   "inspect [HOST/COMPONENT]",
		Short: "What is in it, what is wrong, and what to do",
		Long: `Reads blocks, logs and chunks of the head, changes nothing, and may be used while Prometheus
runs. Says from which instant on samples are refused, what lies in the future, and what
retention would delete.

Exit status: 0 it is well, 3 it is not.`,
		Example: `  monctl data inspect vm1/prometheus
  monctl data inspect vm1/prometheus:9091     # two on one host: by port, or by unit
  monctl data inspect --local /var/lib/prometheus/metrics2`,
		RunE: func(c *cobra.Command, args []string) error { return g.data(c, *o, "", args) },
	}
	c.Flags().StringVar(&o.html, "html", "", "write the timeline of the blocks to `FILE` as one page")
	c.Flags().StringVar(&o.reader, "readable-by", "", "refuse what a Prometheus of this `VERSION` would not understand; monctl is this one")
	_ = c.Flags().MarkHidden("readable-by") // monctl upgrade HOST/COMPONENT --to uses it
	return c
}

func newDataRepair(g *globals, o *dataOptions) *cobra.Command {
	c := &cobra.Command{
		Use:   "repair [HOST/COMPONENT]",
		Short: "The least destructive step that makes it take samples again",
		Long: `Decides by what is in the directory: nothing, a restart, a short wait, an out-of-order window,
or a new directory without the samples of the future, which is written beside the old one.
The clock must be right first. Good samples are kept; that is proved before and after.`,
		Example: `  monctl data repair vm1/prometheus --plan
  monctl data repair vm1/prometheus --yes=vm1/prometheus
  monctl data repair vm1/prometheus --no-downtime      # an out-of-order window instead
  monctl data repair vm1/prometheus --close-window     # and later taken away again
  monctl data repair --local /var/lib/prometheus/metrics2 --yes=/var/lib/prometheus/metrics2`,
		RunE: func(c *cobra.Command, args []string) error { return g.data(c, *o, datadir.Repair, args) },
	}
	c.Flags().BoolVar(&o.planOnly, "plan", false, "show what would be done and end")
	c.Flags().BoolVar(&o.noDowntime, "no-downtime", false, "prefer an out-of-order window where that is enough: no data is changed")
	c.Flags().BoolVar(&o.closing, "close-window", false, "take away the out-of-order window that a repair opened on a host")
	c.Flags().BoolVar(&o.prevent, "prevent", false, "also do on the host what keeps it from happening again: the unit waits for the right time, two alerts")
	c.Flags().BoolVar(&o.stuck, "stuck", false, "the process refuses what its data would take")
	c.Flags().BoolVar(&o.noWindow, "no-window", false, "the version has no out-of-order window (before 2.39)")
	_ = c.Flags().MarkHidden("stuck")
	_ = c.Flags().MarkHidden("no-window")
	return c
}

// newDataAction is a command that does one thing with a directory as a whole.
func newDataAction(g *globals, o *dataOptions, action datadir.Action, use, short, long string) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Long: long,
		Example: actionExample(use),
		RunE:    func(c *cobra.Command, args []string) error { return g.data(c, *o, action, args) },
	}
	if action == datadir.Backup {
		c.Flags().StringVar(&o.to, "to", "", "bring the copy of a host below this `DIR` of this machine, instead of keeping it there")
		c.Flags().BoolVar(&o.stopped, "stopped", false, "stop the unit on the host for the copy, also where the server makes snapshots")
		c.Flags().StringVar(&o.snapshot, "snapshot", "", "with --local: take the snapshot `NAME`, which the server made itself and which lies in its folder snapshots")
	}
	if action == datadir.Restore {
		c.Flags().BoolVar(&o.interrupted, "interrupted", false, "only take back what was interrupted")
		_ = c.Flags().MarkHidden("interrupted")
	}
	c.Flags().BoolVar(&o.planOnly, "plan", false, "show what would be done and end")
	return c
}

// actionExample has the command on a host and on a folder of this machine.
func actionExample(use string) string {
	verb, _, _ := strings.Cut(use, " ")
	id := ""
	if strings.Contains(use, "ID") {
		id = " 20261125T164501Z-repair"
	}
	return fmt.Sprintf("  monctl data %s vm1/prometheus%s --yes=vm1/prometheus\n  monctl data %s --local /var/lib/prometheus/metrics2%s", verb, id, verb, id)
}

// truth is what is known of this machine's clock: what the caller says, else what NTP servers say.
func (o dataOptions) truth(ctx context.Context) datadir.Truth {
	if o.trueSource != "" {
		return datadir.Truth{Known: true, Offset: o.trueOffset, Bound: o.trueBound, Source: o.trueSource}
	}
	servers := o.ntp
	if servers == nil {
		servers = doctor.DefaultNTP
	}
	return datadir.TruthOf(clock.Agree(clock.AskNTP(ctx, clock.NewWatch(), servers)))
}

// prove makes the named directory a target, or says why it is none.
func (o dataOptions) prove() (datadir.Dir, error) {
	if o.local == "" {
		return datadir.Dir{}, fault.Misuse(errors.New("which directory is not said"), "Give --local DIR.")
	}
	return datadir.Prove(o.local, datadir.ProveOptions{Kind: datadir.Kind(o.kind), Others: o.others})
}
