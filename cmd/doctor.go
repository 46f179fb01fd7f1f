package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

type doctorOptions struct {
	only, skip  []string
	list        bool
	explain     string
	junit, html string
	watch       int
	fix, yes    bool
	ntp         []string
	record      string
	settings    doctor.Settings
}

func newDoctor(g *globals) *cobra.Command {
	o := &doctorOptions{settings: doctor.Default()}
	c := &cobra.Command{
		Use:   "doctor [HOST…]",
		Short: "Say what is wrong, why, and what would cure it",
		Long: `Looks at every host once, asks the components themselves, and judges what it learned:
causes first, with evidence and error bars, their consequences below them. It works on
stacks that monctl did not install, and without an inventory on hosts that are named.
Nothing is changed unless --fix is given; each fix is then shown before it is done.

Exit status: 0 all is well, 3 something is not or cannot be told, 4 some hosts could not be
examined, 1 none could.`,
		Example: `  monctl doctor
  monctl doctor time-drift
  monctl doctor --only 'scrape/*' vm1
  monctl doctor ubuntu@10.0.0.11 10.0.0.12
  monctl doctor --explain tsdb/head-in-future`,
		ValidArgsFunction: g.completeHosts,
		RunE:              func(c *cobra.Command, args []string) error { return runDoctor(c.Context(), g, *o, args) },
	}
	o.flags(c.PersistentFlags())
	_ = c.RegisterFlagCompletionFunc("only", completeChecks)
	_ = c.RegisterFlagCompletionFunc("skip", completeChecks)
	_ = c.RegisterFlagCompletionFunc("explain", completeChecks)
	c.AddCommand(newTimeDrift(g, o))
	return c
}

func newTimeDrift(g *globals, o *doctorOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "time-drift [HOST…]",
		Short: "Clocks only: which one is wrong, and by how much",
		Long:  "The same as monctl doctor --only 'clock/*'.",
		Example: `  monctl doctor time-drift
  monctl doctor time-drift --ntp ntp.example.com ubuntu@10.0.0.11`,
		ValidArgsFunction: g.completeHosts,
		RunE: func(c *cobra.Command, args []string) error {
			clocks := *o
			clocks.only = append(clocks.only, "clock/*")
			return runDoctor(c.Context(), g, clocks, args)
		},
	}
}

func (o *doctorOptions) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringSliceVar(&o.only, "only", nil, "only these `CHECKS`: an ID, a family, or with *: 'clock/*'")
	f.StringSliceVar(&o.skip, "skip", nil, "all but these `CHECKS`")
	f.BoolVar(&o.list, "list", false, "list the checks and end")
	f.StringVar(&o.explain, "explain", "", "explain a `CHECK` and end")
	f.BoolVar(&o.fix, "fix", false, "show what would cure it, ask, do it, and look again")
	f.BoolVar(&o.yes, "yes", false, "do not ask")
	f.IntVar(&o.watch, "watch", 0, "look again every `N` seconds, and print what changed")
	f.StringVar(&o.junit, "junit", "", "write the results to `FILE` as JUnit XML")
	f.StringVar(&o.html, "html", "", "write the report to `FILE` as one page")
	f.StringVar(&o.record, "record", "", "write all that was learned to `FILE`, for a report of an error; read it before you send it")
	f.StringSliceVar(&o.ntp, "ntp", nil, "NTP `SERVERS` that know the true time (default: the pool; none: \"\")")
	f.DurationVar(&o.settings.OffsetNote, "clock-note", o.settings.OffsetNote, "`TIME` a clock may be off before it is mentioned")
	f.DurationVar(&o.settings.OffsetWarn, "clock-warn", o.settings.OffsetWarn, "`TIME` a clock may be off before it is a warning")
	f.DurationVar(&o.settings.OffsetFail, "clock-fail", o.settings.OffsetFail, "`TIME` a clock may be off before it is a failure")
}

func completeChecks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	for _, c := range doctor.Checks() {
		ids = append(ids, c.ID+"\t"+c.Title)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func runDoctor(ctx context.Context, g *globals, o doctorOptions, words []string) error {
	checks, err := doctor.Choose(doctor.Checks(), o.only, o.skip)
	switch {
	case err != nil:
		return err
	case o.explain != "":
		explained, err := doctor.Choose(doctor.Checks(), []string{o.explain}, nil)
		if err != nil {
			return err
		}
		g.ui.Explain(explained)
		return nil
	case o.list:
		g.ui.Checks(checks)
		return nil
	}
	if err := o.judge(); err != nil {
		return err
	}
	look, stack, err := g.lookOptions(o, words, checks)
	if err != nil {
		return err
	}
	if o.watch > 0 {
		return g.lookAgain(ctx, look, stack, o)
	}
	f, r, err := g.examine(ctx, look, o)
	if err != nil {
		return err
	}
	g.ui.Doctor(f, r, checks)
	if err := g.write(o, f, r, checks); err != nil {
		return err
	}
	if o.fix {
		if f, r, err = g.cure(ctx, look, o, f, r); err != nil {
			return err
		}
	}
	return g.doctorEnds(stack, f, r)
}

// judge refuses thresholds that make no sense, and takes over the servers.
func (o *doctorOptions) judge() error {
	s := &o.settings
	if s.OffsetNote <= 0 || s.OffsetWarn < s.OffsetNote || s.OffsetFail < s.OffsetWarn {
		return fault.Misuse(fmt.Errorf("clock thresholds %v, %v, %v: want them above 0 and in rising order", s.OffsetNote, s.OffsetWarn, s.OffsetFail), "")
	}
	if o.watch < 0 {
		return fault.Misuse(fmt.Errorf("--watch %d: want seconds above 0", o.watch), "")
	}
	if o.watch > 0 && o.fix {
		return fault.Misuse(errors.New("--watch and --fix do not go together"), "")
	}
	if o.ntp != nil {
		s.NTP = slices.DeleteFunc(o.ntp, func(name string) bool { return name == "" })
	}
	return nil
}

// lookOptions are what the doctor needs to look at the hosts that the words name, or at all.
func (g *globals) lookOptions(o doctorOptions, words []string, checks []doctor.Check) (doctor.Options, *desired.Stack, error) {
	stack, only, err := g.hostsOrFile(words)
	if err != nil {
		return doctor.Options{}, nil, err
	}
	here, err := os.Hostname()
	if err != nil {
		here = "this machine"
	}
	look := doctor.Options{
		Dial: g.dial, Checks: checks, All: doctor.Checks(), Settings: o.settings, Here: here, Parallel: g.parallel,
		HTTPS: []string{"https://www.google.com/", "https://www.cloudflare.com/"},
	}
	links := doctor.LinksOf(stack)
	for _, h := range stack.Inventory.Hosts {
		if len(only) > 0 && !slices.Contains(only, h.Name) {
			continue
		}
		t := doctor.Target{Host: h.Host, ScrapeAddress: h.ScrapeAddress, Links: links[h.Name]}
		for _, i := range stack.On(h.Name) {
			t.Wants = append(t.Wants, i.Component.Name)
		}
		look.Hosts = append(look.Hosts, t)
	}
	return look, stack, nil
}

// examine looks and judges.
func (g *globals) examine(ctx context.Context, look doctor.Options, o doctorOptions) (doctor.Fleet, doctor.Report, error) {
	progress := g.ui.LookProgress(len(look.Hosts))
	look.Report = func(host, doing string, finished bool, err error) {
		if doing != "clock" && doing != "ask" { // not counted
			progress.Report(installer.Event{Host: host, Doing: doing, Finished: finished, Err: err})
		}
	}
	f := doctor.Look(ctx, look)
	progress.Close()
	if ctx.Err() != nil {
		return f, doctor.Report{}, ctx.Err()
	}
	return f, doctor.Judge(f, look.Checks), record(o.record, f)
}

// doctorEnds prints the hosts that were lost, sums up, and decides the exit code.
func (g *globals) doctorEnds(stack *desired.Stack, f doctor.Fleet, r doctor.Report) error {
	lost := lostHosts(stack, f.Lost)
	g.ui.Errors(lost)
	counts := map[string]int{}
	for _, found := range r.Findings {
		counts[found.Level.String()]++
	}
	g.summary(map[string]any{"hosts": len(f.Hosts) + len(f.Lost), "failed": len(f.Lost), "findings": counts, "truth": f.Truth.Source})
	switch {
	case len(lost) > 0:
		return code(codeOfHosts(len(f.Hosts)+len(f.Lost), lost))
	case r.Worst() >= doctor.Unknown:
		return code(exitChanges)
	}
	return nil
}

// cure shows the fixes, asks, does them, and looks again.
func (g *globals) cure(ctx context.Context, look doctor.Options, o doctorOptions, f doctor.Fleet, r doctor.Report) (doctor.Fleet, doctor.Report, error) {
	least := doctor.Warn
	if len(o.only) > 0 {
		least = doctor.Note // what needs no action is done when it was asked for by name
	}
	fixes := doctor.Fixes(f, r, look.Checks, least)
	g.ui.Fixes(fixes)
	if len(fixes) == 0 {
		return f, r, nil
	}
	if err := g.confirm(ctx, o.yes, fmt.Sprintf("Do these %d fixes?", len(fixes)), nil); err != nil {
		return f, r, err
	}
	for _, fix := range fixes {
		if err := g.applyFix(ctx, look, fix); err != nil {
			return f, r, err
		}
	}
	f, r, err := g.examine(ctx, look, o)
	if err == nil {
		g.ui.Doctor(f, r, look.Checks)
		err = g.write(o, f, r, look.Checks)
	}
	g.ui.Afterwards(fixes)
	return f, r, err
}

func (g *globals) applyFix(ctx context.Context, look doctor.Options, fix doctor.Fix) error {
	i := slices.IndexFunc(look.Hosts, func(t doctor.Target) bool { return t.Name == fix.Host })
	if i < 0 {
		return fmt.Errorf("%s: fix: the host is not one of this run", fix.Host)
	}
	conn, err := g.dial(ctx, look.Hosts[i].Host)
	if err != nil {
		return fmt.Errorf("%s: connect: %w", fix.Host, err)
	}
	defer conn.Close()
	return doctor.Apply(ctx, conn, fix, func(s doctor.Step) { g.ui.Say("%s: %s", fix.Host, s.Why) })
}

// lookAgain looks again and again, and prints what changed, until it is interrupted.
func (g *globals) lookAgain(ctx context.Context, look doctor.Options, stack *desired.Stack, o doctorOptions) error {
	var before doctor.Report
	for {
		f := doctor.Look(ctx, look)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r := doctor.Judge(f, look.Checks)
		if look.Before == nil {
			g.ui.Doctor(f, r, look.Checks)
			g.ui.Errors(lostHosts(stack, f.Lost))
		} else {
			gone, back := doctor.CompareLost(*look.Before, f)
			g.ui.Answers(time.Now(), gone, back)
			g.ui.Changes(time.Now(), doctor.Compare(before, r, f.Lost))
		}
		look.Before, before = &f, r
		if err := errors.Join(g.write(o, f, r, look.Checks), record(o.record, f)); err != nil {
			return err
		}
		select {
		case <-time.After(time.Duration(o.watch) * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lostHosts is how hosts that could not be examined are printed.
func lostHosts(stack *desired.Stack, list []doctor.Lost) []ui.HostError {
	var out []ui.HostError
	for _, l := range list {
		out = append(out, ui.HostError{Host: l.Name, Address: addressOf(stack, l.Name), Err: l.Err})
	}
	return out
}
