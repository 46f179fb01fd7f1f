package ui

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/templates"
)

// Brief prints a plan in a few lines: the releases, and what each host gets.
func (u *UI) Brief(run *installer.Run) {
	if u.JSON {
		return
	}
	u.Instead(run)
	u.Releases(run)
	u.Print("%s", u.rows(u.briefRows(run)))
	u.Print("%s", TallyOf(run.Hosts))
	u.Kept(keptOf(run))
}

// briefRows has one row for all hosts that get the same.
func (u *UI) briefRows(run *installer.Run) [][]string {
	var rows [][]string
	hosts := map[string][]string{}
	for _, h := range run.Hosts {
		if h.Err != nil || h.Plan.Empty() {
			continue
		}
		names := strings.Join(changing(h, run.Stack.On(h.Name)), ", ")
		if off := stoppedUnits(h); len(off) > 0 {
			names = strings.TrimPrefix(names+", off: "+strings.Join(off, ", "), ", ")
		}
		r := []string{"", u.paint.dim(h.Facts.Arch), names, u.paint.dim(TallyOf([]*installer.Host{h}).work())}
		key := strings.Join(r, "\x00")
		if hosts[key] == nil {
			rows = append(rows, r)
		}
		hosts[key] = append(hosts[key], h.Name)
	}
	for _, r := range rows {
		r[0] = u.paint.bold(Names(hosts[strings.Join(append([]string{""}, r[1:]...), "\x00")]))
	}
	return rows
}

// changing names the components that changes of a host concern.
func changing(h *installer.Host, instances []desired.Instance) []string {
	var names []string
	for _, i := range instances {
		own := []string{i.Unit(), i.User(), path.Dir(i.Current()), i.Config(), desired.ManifestPath(i.Component.Name)}
		if slices.ContainsFunc(h.Plan.Changes, func(c plan.Change) bool {
			words := strings.Fields(c.Resource.Key())
			return slices.ContainsFunc(own, func(o string) bool { return belongs(words[len(words)-1], o) })
		}) {
			names = append(names, i.Component.Name)
		}
	}
	return names
}

// belongs says whether a name is one of a component's own, or a path at or below it.
func belongs(name, own string) bool {
	return name == own || strings.HasPrefix(name, own+"/") || strings.HasSuffix(name, "/"+own)
}

// InstallReport is how an installation went.
type InstallReport struct {
	Stack    *desired.Stack
	Outcomes []installer.Outcome
	Failed   []HostError
	Changed  bool // the plan had changes
	// Interrupted is set when the person stopped it; Failed has then only what failed for other reasons.
	Interrupted bool
	Took        time.Duration
}

// Installed prints the results, the errors grouped by cause, and where to go from here.
func (u *UI) Installed(r InstallReport) {
	if r.Changed || r.Interrupted || len(r.Failed) > 0 || u.Verbose || u.JSON {
		u.Results(r.Stack, r.Outcomes)
	}
	failed := slices.DeleteFunc(slices.Clone(r.Failed), func(e HostError) bool { return errors.Is(e.Err, installer.ErrNotReached) })
	u.Errors(failed)
	counts := r.tally()
	switch {
	case r.Interrupted:
		u.Interrupted(r.Outcomes)
		return
	case len(r.Failed) > 0:
		alone := ""
		if n := len(r.Failed) - len(failed); n > 0 {
			alone = fmt.Sprintf(", %d left as it was,", n)
		}
		u.Say("%s of %s failed%s after %s", u.errPaint.red(fmt.Sprint(len(failed))), count(len(r.Outcomes), "host"), alone, Took(r.Took))
		return
	case !r.Changed:
		u.Print("nothing to change; everything is proven: %s (%s)", counts, Took(r.Took))
		return
	}
	u.addresses(r.Stack)
	u.Print("%s %s in %s", u.paint.green("installed and proven:"), counts, Took(r.Took))
}

// proofCounts counts what was proven.
type proofCounts struct{ hosts, components, up, targets int }

func (r InstallReport) tally() proofCounts {
	c := proofCounts{hosts: len(r.Outcomes)}
	for _, o := range r.Outcomes {
		if o.Err == nil {
			c.components += len(r.Stack.On(o.Host))
		}
		for _, p := range o.Proofs {
			if p.Kind != installer.ProofTarget {
				continue
			}
			c.targets++
			if p.Err == nil {
				c.up++
			}
		}
	}
	return c
}

// String gives "3 hosts, 5 components, 4 of 4 targets up".
func (c proofCounts) String() string {
	line := count(c.hosts, "host") + ", " + count(c.components, "component")
	if c.targets > 0 {
		line += fmt.Sprintf(", %d of %s up", c.up, count(c.targets, "target"))
	}
	return line
}

// Counts are the fields of the JSON summary.
func (r InstallReport) Counts() map[string]any {
	c := r.tally()
	return map[string]any{"hosts": c.hosts, "failed": len(r.Failed), "components": c.components, "targets_up": c.up, "targets": c.targets, "changed": r.Changed}
}

// pages are the components with a page for people, in the order in which one wants them.
var pages = []string{"grafana", "prometheus", "monitor", "alertmanager"}

// HasLogin says whether a page asks for a password that monctl made.
func HasLogin(i desired.Instance) bool {
	return slices.ContainsFunc(i.Component.Secrets, func(s templates.Secret) bool { return s.Generate == "always" })
}

// addresses prints what can be opened in a browser.
func (u *UI) addresses(stack *desired.Stack) {
	var rows [][]string
	for _, name := range pages {
		for _, i := range stack.Of(name) {
			if i.Component.Scrapes && !stack.Scrapes(i) {
				continue // there for the metrics of its host alone
			}
			hint := ""
			if HasLogin(i) {
				hint = u.paint.dim("login: monctl secrets show " + name)
			}
			rows = append(rows, []string{i.Component.Title, u.paint.cyan("http://" + i.From("")), hint})
		}
	}
	if len(rows) > 0 {
		u.Print("\n%s", u.rows(rows))
	}
}

// Interrupted says, after Ctrl-C, in which state the hosts are.
func (u *UI) Interrupted(outcomes []installer.Outcome) {
	var between, rest []string
	for _, o := range outcomes {
		switch {
		case o.Err == nil || o.RolledBack || !o.Changed || errors.Is(o.Err, installer.ErrNotReached):
			rest = append(rest, o.Host)
		default:
			between = append(between, o.Host)
		}
	}
	slices.Sort(between)
	if len(between) > 0 {
		u.Note("interrupted: %s may be half-way; run the same command again, it looks at what is there and finishes", Names(between))
		return
	}
	u.Note("interrupted: every host is either as it was or done (%s); run the same command again for the rest", Names(rest))
}
