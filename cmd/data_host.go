package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/datadir"
	"github.com/monctl/monctl/doctor/datahost"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/self"
	"github.com/spf13/cobra"
)

// dataTarget says what the words after a command of monctl data mean: HOST/COMPONENT, unless --local names a folder, and an ID.
func (o dataOptions) dataTarget(c *cobra.Command, args []string, hasID bool) (target, id string, err error) {
	most := 0
	if hasID {
		most++
	}
	if o.local == "" {
		if len(args) == 0 {
			return "", "", fault.Misuse(fmt.Errorf("%s: whose data is not said", c.CommandPath()), "Name them: HOST/prometheus; or give --local DIR for a folder of this machine.")
		}
		target, args = args[0], args[1:]
	}
	if len(args) > most {
		return "", "", fault.Misuse(fmt.Errorf("%s: %q is one word too many", c.CommandPath(), args[most]), "See %s --help.", c.CommandPath())
	}
	if len(args) == 1 {
		id = args[0]
	}
	return target, id, nil
}

// data dispatches a command of monctl data: to a folder of this machine, or to a host.
func (g *globals) data(c *cobra.Command, o dataOptions, action datadir.Action, args []string) error {
	target, id, err := o.dataTarget(c, args, action == datadir.Restore || action == datadir.Purge)
	switch {
	case err != nil:
		return err
	case target != "":
		return g.hostData(c.Context(), o, action, target, id)
	case action == "":
		return g.dataInspect(c.Context(), o)
	}
	return g.dataChange(c.Context(), o, action, id)
}

// hostData works on data of a host. The action "" only looks.
func (g *globals) hostData(ctx context.Context, o dataOptions, action datadir.Action, target, id string) error {
	name, err := datahost.ParseName(target)
	if err != nil {
		return err
	}
	s, err := g.openData(ctx, o, action, name)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	g.ui.DataTarget(s.Name.String(), s.Place, s.Truth)
	if action == "" {
		a, err := s.Inspect(ctx)
		if err != nil {
			return err
		}
		return g.hostInspection(o, s.Name.Host, *a.Inspection)
	}
	if o.closing {
		return g.hostCloseWindow(ctx, o, s)
	}
	return g.hostChange(ctx, o, s, action, id)
}

func (g *globals) hostInspection(o dataOptions, host string, seen datadir.Inspection) error {
	g.ui.DataInspection(seen)
	if o.html != "" {
		if err := writeTimeline(o.html, host, seen); err != nil {
			return err
		}
	}
	if seen.Verdict != datadir.Healthy {
		return code(exitChanges)
	}
	return nil
}

// openData looks at the host, finds the component, and brings monctl there.
func (g *globals) openData(ctx context.Context, o dataOptions, action datadir.Action, name datahost.Name) (*datahost.Session, error) {
	programs, err := g.programs()
	if err != nil {
		return nil, err
	}
	checks, err := datahost.Checks()
	if err != nil {
		return nil, err
	}
	look, _, err := g.lookOptions(doctorOptions{settings: o.settings()}, []string{name.Host}, checks)
	if err != nil {
		return nil, err
	}
	login := look.Hosts[0].Host
	name.Host = login.Name // "ubuntu@10.0.0.11" names the host 10.0.0.11
	look.All = append(doctor.Checks(), checks[len(checks)-1])
	look.HTTPS = nil
	f, _, err := g.examine(ctx, look, doctorOptions{})
	if err != nil {
		return nil, err
	}
	changes := action != "" && !o.planOnly
	return datahost.Open(ctx, f, name, datahost.Options{
		Dial: g.dial, Login: login, Programs: programs, Holder: who(), LockWait: g.lockWait, Report: g.sending(login),
		Stopped: o.stopped, Change: changes, Clock: action == datadir.Repair || action == datadir.Reset && changes,
	})
}

// settings are those of the doctor, with the servers of --ntp.
func (o dataOptions) settings() doctor.Settings {
	s := doctor.Default()
	if o.ntp != nil {
		s.NTP = o.ntp
	}
	return s
}

// programs says where monctl for other machines is.
func (g *globals) programs() (self.Programs, error) {
	given, err := self.ParseGiven(g.binaries)
	if err != nil {
		return self.Programs{}, err
	}
	dir, err := g.cacheFolder()
	return self.Programs{Given: given, Cache: dir, Folders: []string{filepath.Join(dir, "monctl")}}, err
}

// sending tells of the transfer of monctl once it is long enough to be noticed.
func (g *globals) sending(h fleet.Host) func(string, int64, int64) {
	said := false
	return func(doing string, sent, total int64) {
		if total > 0 && !said {
			said = true
			g.ui.Say("%s: sending monctl (%d MB, once)", h.Name, (total+1<<19)>>20)
		}
	}
}

// hostChange plans, shows, asks, does, and proves.
func (g *globals) hostChange(ctx context.Context, o dataOptions, s *datahost.Session, action datadir.Action, id string) error {
	var flags []string
	if action == datadir.Repair {
		flags = s.Repairing(o.noDowntime)
	}
	a, err := s.Plan(ctx, action, id, flags...)
	if a.Inspection != nil {
		g.ui.DataInspection(*a.Inspection)
	}
	if err != nil {
		return err
	}
	plan := *a.Plan
	plan.Steps = s.Steps(plan)
	g.ui.DataPlan(plan)
	switch {
	case o.planOnly && (plan.Changes() || plan.Advises()):
		return code(exitChanges)
	case o.planOnly:
		return nil
	case !plan.Changes() && plan.Rung != datadir.Restart && plan.Rung != datadir.Window:
		return g.hostUnchanged(ctx, o, s, plan)
	}
	if err := g.confirmIdentity(ctx, o.yes, s.Name.String(), string(action)); err != nil {
		return err
	}
	return g.hostWork(ctx, o, s, plan, id, flags)
}

// hostUnchanged proves that nothing had to be done; a wait is left to the person.
func (g *globals) hostUnchanged(ctx context.Context, o dataOptions, s *datahost.Session, plan datadir.Plan) error {
	if plan.Rung == datadir.Wait {
		return code(exitChanges)
	}
	if err := g.hostProve(ctx, s, datahost.Ingesting); err != nil || !o.prevent {
		return err
	}
	if err := g.confirmIdentity(ctx, o.yes, s.Name.String(), "change its configuration"); err != nil {
		return err
	}
	return g.hostPrevent(ctx, o, s)
}

func (g *globals) hostWork(ctx context.Context, o dataOptions, s *datahost.Session, plan datadir.Plan, id string, flags []string) error {
	s.Remember(ctx)
	switch {
	case plan.Rung == datadir.Restart:
		if err := s.RestartUnit(ctx); err != nil {
			return err
		}
		if err := g.hostProve(ctx, s, datahost.Complete); err != nil {
			return err
		}
		return g.hostPrevent(ctx, o, s)
	case plan.Rung == datadir.Window && !plan.Changes():
		return g.hostWindow(ctx, s, plan)
	}
	began := time.Now()
	a := &datahost.Answer{Progress: g.ui.DataProgress}
	work := datahost.Work{Step: func(step string) { g.ui.Say("%s: %s", s.Host.Name, step) }}
	if err := s.Change(ctx, work, a, plan.Action, id, flags...); err != nil {
		return err
	}
	if a.Result == nil {
		return fmt.Errorf("%s: %s: monctl there ended without a result", s.Name, plan.Action)
	}
	g.ui.DataResult(*a.Result)
	if plan.Action != datadir.Purge && (plan.Action != datadir.Backup || !s.Snapshots()) {
		g.summary(map[string]any{"stopped_seconds": time.Since(began).Round(time.Millisecond).Seconds()})
	}
	switch plan.Action {
	case datadir.Purge:
		return nil
	case datadir.Backup:
		return g.hostBackedUp(ctx, o, s, *a.Result)
	}
	extent := map[datadir.Action]datahost.Extent{datadir.Repair: datahost.Complete, datadir.Reset: datahost.Ingesting, datadir.Restore: datahost.Running}
	if err := g.hostProve(ctx, s, extent[plan.Action]); err != nil {
		return err
	}
	if plan.Action == datadir.Repair || plan.Action == datadir.Reset {
		return g.hostPrevent(ctx, o, s)
	}
	return nil
}

var errNotProven = errors.New("not proven")

// hostProve proves that it runs, and takes samples again.
func (g *globals) hostProve(ctx context.Context, s *datahost.Session, extent datahost.Extent) error {
	proofs := s.Prove(ctx, extent, g.proveFor, func(what string) { g.ui.Detail("%s: proving: %s", s.Host.Name, what) })
	g.ui.DataProofs(s.Name.String(), proofs)
	for _, p := range proofs {
		if p.Err != nil {
			return fault.With(fmt.Errorf("%s: %w: %s: %w", s.Name, errNotProven, p.What, p.Err),
				"See monctl doctor --only 'tsdb/*' %s. What was done is undone by: monctl data restore %s", s.Host.Name, s.Name)
		}
	}
	return nil
}
