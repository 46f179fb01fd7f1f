package ui

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer"
)

// PlanView is a plan with what a person needs to judge it.
type PlanView struct {
	Run      *installer.Run
	Contents map[string]map[string]string // host, then path: what is in the files that would be updated
	Full     bool                         // show new files whole
}

// Plan prints what would change on every host; hosts with the same changes are printed once. It ends with a summary.
func (u *UI) Plan(v PlanView) {
	if u.JSON {
		u.planJSON(v)
		return
	}
	u.Instead(v.Run)
	u.Releases(v.Run)
	for _, g := range u.groupPlans(v) {
		u.Print("%s%s", g.heading(u), g.text)
	}
	u.Print("%s", TallyOf(v.Run.Hosts))
	u.Kept(keptOf(v.Run))
}

// keptOf is the data of all components that a plan takes off.
func keptOf(run *installer.Run) []installer.Kept {
	var kept []installer.Kept
	for _, h := range run.Hosts {
		if h.Err == nil {
			kept = append(kept, h.Kept...)
		}
	}
	return kept
}

// planGroup is hosts of one machine type whose changes read the same.
type planGroup struct {
	hosts []string
	arch  string
	text  string
}

func (g *planGroup) heading(u *UI) string {
	heading := u.paint.bold(Names(g.hosts))
	if len(g.hosts) > 1 {
		heading += u.paint.dim(fmt.Sprintf("  (%d hosts)", len(g.hosts)))
	}
	if g.arch != "" { // of a removal nothing is known
		heading += u.paint.dim("  " + g.arch)
	}
	return heading + "\n"
}

func (u *UI) groupPlans(v PlanView) []*planGroup {
	var groups []*planGroup
	for _, h := range v.Run.Hosts {
		if h.Err != nil || h.Plan.Empty() {
			continue
		}
		text := u.planText(h, v)
		i := slices.IndexFunc(groups, func(g *planGroup) bool { return g.arch == h.Facts.Arch && g.text == text })
		if i < 0 {
			groups = append(groups, &planGroup{arch: h.Facts.Arch, text: text})
			i = len(groups) - 1
		}
		groups[i].hosts = append(groups[i].hosts, h.Name)
	}
	return groups
}

func (u *UI) planText(h *installer.Host, v PlanView) string {
	var b strings.Builder
	if h.Plan.Unfinished != "" {
		fmt.Fprintf(&b, "  %s an earlier run was interrupted here; this one finishes it\n", u.paint.yellow("!"))
	}
	for _, c := range h.Plan.Changes {
		b.WriteString("  " + u.change(c) + "\n")
		b.WriteString(u.fileText(c, v.Contents[h.Name], v.Full))
	}
	return b.String()
}

// change is one line: sign, action, what, why.
func (u *UI) change(c plan.Change) string {
	sign := map[plan.Action]string{
		plan.Create: u.paint.green("+"), plan.Start: u.paint.green("+"), plan.Enable: u.paint.green("+"),
		plan.Update: u.paint.yellow("~"), plan.Restart: u.paint.yellow("↻"), plan.Reload: u.paint.yellow("↻"),
		plan.Stop: u.paint.red("-"), plan.Remove: u.paint.red("-"), plan.Run: u.paint.dim("?"), plan.Execute: u.paint.yellow("▶"), plan.Move: u.paint.yellow("»"),
	}[c.Action]
	kind, name := words(c.Resource)
	line := fmt.Sprintf("%s %-7s  %s", sign, c.Action, strings.TrimSpace(kind+" "+name))
	switch _, purge := c.Resource.(resource.Purge); {
	case purge:
		return line + u.paint.bold(u.paint.red("  deleted for good"))
	case c.Action == plan.Create, c.Action == plan.Run, c.Action == plan.Remove:
		return line
	}
	return line + u.paint.dim("  "+reason(c.Why))
}

// reason shortens "new /etc/systemd/system/x.service": the whole path stands in a line above.
func reason(why string) string {
	if name, ok := strings.CutPrefix(why, "new /"); ok {
		return "new " + path.Base(name)
	}
	return why
}

// words name a resource for people.
func words(r resource.Resource) (kind, name string) {
	switch r := r.(type) {
	case resource.User:
		return "user", r.Name
	case resource.Dir:
		return "folder", r.Path
	case resource.File:
		return "file", r.Path
	case resource.Release:
		return "release", r.Dir
	case resource.Link:
		return "link", r.Path + " → " + r.Target
	case resource.Check:
		return "", r.Command
	case resource.Script:
		return "", r.About
	case resource.Service:
		return "unit", r.Unit
	case resource.Move:
		if r.From == r.To {
			return "data", r.To
		}
		return "data", r.From + " → " + r.To
	case resource.Gone:
		if r.Tree {
			return "folder", r.Path
		}
		return "file", r.Path
	case resource.Purge:
		return "data", r.Path
	case resource.Stopped:
		return "unit", r.Unit
	case resource.NoUser:
		return "user", r.Name
	}
	kind, name, _ = strings.Cut(r.Key(), " ")
	return kind, name
}
