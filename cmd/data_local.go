package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/datadir"
	"github.com/monctl/monctl/doctor/report"
	"github.com/monctl/monctl/fleet/fault"
)

// What monctl data … --local DIR --json writes, one object per line, is what a controller reads:
//
//	{"type":"inspection", …datadir.Inspection}   always first
//	{"type":"plan", …datadir.Plan}               of everything but inspect
//	{"type":"progress", …datadir.Progress}       while it works
//	{"type":"result", …datadir.Result}           when it is done
//	{"type":"error", "kind":…, "message":…, "remedy":…}
//	{"type":"summary", "exit":…}                 always last
//
// Exit codes: 0 done or well, 1 failed, 2 usage, 3 inspect or --plan: something is to be done, 5 refused, 130 interrupted.

// thrift is how much garbage may lie beside what is in use, in percent: on a host that runs a database, memory is dearer than the
// processor time of a collection (docs/benchmarks.md has both).
const thrift = 25

// dataInspect looks and prints.
func (g *globals) dataInspect(ctx context.Context, o dataOptions) error {
	debug.SetGCPercent(thrift)
	dir, err := o.prove()
	if err != nil {
		return err
	}
	seen, err := g.lookInto(ctx, dir, o)
	if err != nil {
		return err
	}
	if o.html != "" {
		host, err := os.Hostname()
		if err != nil {
			host = "this machine"
		}
		if err := writeTimeline(o.html, host, seen); err != nil {
			return err
		}
	}
	if o.reader != "" {
		return readableBy(seen, strings.TrimPrefix(o.reader, monctlItself))
	}
	if seen.Verdict != datadir.Healthy {
		return code(exitChanges)
	}
	return nil
}

// monctlItself stands for the version of the library in here.
const monctlItself = "monctl"

// readableBy refuses what a version would not understand.
func readableBy(seen datadir.Inspection, version string) error {
	list, err := seen.UnreadableBy(version)
	if err != nil {
		return fault.Misuse(err, "For example --readable-by 2.42.0.")
	}
	if len(list) > 0 {
		return fault.Refuse(fmt.Errorf("what is there is not for this version: %s", strings.Join(list, "; ")), "Choose a newer release.")
	}
	return nil
}

// lookInto inspects and prints what was seen.
func (g *globals) lookInto(ctx context.Context, dir datadir.Dir, o dataOptions) (datadir.Inspection, error) {
	seen, err := datadir.Inspect(ctx, dir, datadir.InspectOptions{Truth: o.truth(ctx), Retention: o.retention})
	if err == nil {
		g.ui.DataInspection(seen)
	}
	return seen, err
}

// dataChange inspects, plans, shows the plan, asks, and does it.
func (g *globals) dataChange(ctx context.Context, o dataOptions, action datadir.Action, id string) error {
	debug.SetGCPercent(thrift)
	dir, err := o.prove()
	if err != nil {
		return err
	}
	seen, err := g.lookInto(ctx, dir, o)
	if err != nil {
		return err
	}
	if o.interrupted && seen.Open == nil {
		return nil
	}
	plan, err := planData(seen, o, action, id)
	if err != nil {
		return err
	}
	g.ui.DataPlan(plan)
	switch {
	case o.planOnly && plan.Advises():
		return code(exitChanges)
	case o.planOnly || !plan.Changes():
		return nil
	}
	identity := o.identity
	if identity == "" {
		identity = dir.Path()
	}
	if err := g.confirmIdentity(ctx, o.yes, identity, string(action)); err != nil {
		return err
	}
	result, err := datadir.Execute(ctx, dir, plan, datadir.ExecuteOptions{Report: g.ui.DataProgress, Version: buildVersion()})
	if err != nil {
		return err
	}
	g.ui.DataResult(result)
	return nil
}

func planData(seen datadir.Inspection, o dataOptions, action datadir.Action, id string) (datadir.Plan, error) {
	switch action {
	case datadir.Repair:
		return datadir.PlanRepair(seen, datadir.RepairOptions{Stuck: o.stuck, NoDowntime: o.noDowntime, WindowKnown: !o.noWindow})
	case datadir.Reset:
		return datadir.PlanReset(seen)
	case datadir.Restore:
		return datadir.PlanRestore(seen, id)
	case datadir.Backup:
		return datadir.PlanBackup(seen, o.snapshot)
	}
	return datadir.PlanPurge(seen, id)
}

// confirmIdentity wants the name of what is changed, typed; off a terminal --yes=NAME. Nothing less confirms.
func (g *globals) confirmIdentity(ctx context.Context, yes, identity, what string) error {
	switch {
	case yes == identity:
		return nil
	case yes == plainYes:
		return fault.Refuse(errors.New("--yes alone does not confirm this"), "Name what is changed: --yes=%s", identity)
	case yes != "":
		return fault.Refuse(fmt.Errorf("--yes=%s names something else than %s", yes, identity), "Nothing was changed.")
	case !g.ui.Asks():
		return fault.Refuse(fmt.Errorf("%w: nobody can be asked, because standard input is not a terminal", errNotConfirmed),
			"Look at the plan (--plan), then give --yes=%s", identity)
	}
	typed, err := g.ui.Type(ctx, fmt.Sprintf("To %s, type %s: ", what, identity))
	if err != nil {
		return err
	}
	if typed != identity {
		return fault.Refuse(fmt.Errorf("%w: %q was typed, not %s", errNotConfirmed, typed, identity), "Nothing was changed.")
	}
	return nil
}

// writeTimeline writes blocks and head as a page; host is whose they are.
func writeTimeline(file, host string, seen datadir.Inspection) error {
	t := doctor.Timeline{Host: host, Path: seen.Path, Now: seen.Now.Time()}
	for _, b := range seen.Blocks {
		if b.Err == "" {
			t.Blocks = append(t.Blocks, doctor.Span{ULID: b.ULID, Min: b.Min.Time(), Max: b.Max.Time()})
		}
	}
	if head := seen.Head.Samples; !head.Empty() {
		t.Blocks = append(t.Blocks, doctor.Span{ULID: "head", Min: head.Low.Time(), Max: head.High.Time()})
	}
	var list []doctor.Timeline
	if len(t.Blocks) > 0 {
		list = append(list, t)
	}
	says := append([]string{fmt.Sprintf("Verdict: %s", seen.Verdict)}, seen.Advice...)
	return writeFile(file, 0o644, func(w io.Writer) error { return report.Blocks(w, seen.Path, says, list) })
}
