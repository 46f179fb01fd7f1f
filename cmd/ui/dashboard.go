package ui

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/installer/desired"
)

// DashboardAdded is what became of a dashboard that was brought.
type DashboardAdded struct {
	Dashboard *dashboard.Dashboard
	Before    *dashboard.Dashboard // the one that it replaced, or nil
	Notes     []dashboard.Note
	License   string // "" when nobody states one
}

// DashboardAdded says what was kept, and what was lost on the way.
func (u *UI) DashboardAdded(a DashboardAdded) {
	u.DashboardNotes(a.Notes)
	d := a.Dashboard
	verb := "added"
	if a.Before != nil {
		verb = "replaced"
	}
	u.Emit("dashboard", map[string]any{
		"name": d.Name(), "title": d.Title, "uid": d.UID, "file": d.File, "gnet_id": d.GnetID, "revision": d.Revision, "panels": len(d.Panels), "action": verb, "license": a.License,
	})
	u.Print("%s %s: %s%s, %s", u.paint.green(verb), d.File, u.paint.bold(d.Title), revisionOf(d), count(len(d.Panels), "panel"))
	if a.Before != nil && a.Before.Revision != d.Revision {
		u.Print("  before%s", revisionOf(a.Before))
	}
	if a.License == "" {
		u.Say("Its licence is not stated: ask its author before you publish it further.")
	}
	u.Say("monctl dashboard check %s asks whether its metrics are there; monctl install gives it to Grafana.", d.Name())
}

// DashboardNotes says what became of parts of a dashboard.
func (u *UI) DashboardNotes(notes []dashboard.Note) {
	for _, n := range notes {
		u.Emit("note", map[string]any{"panel": n.Panel, "text": n.Text, "lost": n.Lost})
		mark, where := "!", ""
		if n.Lost {
			mark = "-"
		}
		if n.Panel != "" {
			where = fmt.Sprintf("panel %q: ", n.Panel)
		}
		if !u.JSON {
			u.Say("%s %s%s", u.errPaint.yellow(mark), where, n.Text)
		}
	}
}

func revisionOf(d *dashboard.Dashboard) string {
	if d.GnetID == 0 {
		return ""
	}
	return fmt.Sprintf(" (grafana.com %d, revision %d)", d.GnetID, d.Revision)
}

// DashboardRemoved says what was removed.
func (u *UI) DashboardRemoved(name, file string) {
	u.Emit("dashboard", map[string]any{"name": name, "file": file, "action": "removed"})
	u.Print("removed %s; monctl install takes it out of Grafana", file)
}

// Dashboards lists what a Grafana gets.
func (u *UI) Dashboards(all []desired.Board) {
	var rows [][]string
	for _, b := range all {
		provisioned := len(b.Panels) > 0
		u.Emit("dashboard", map[string]any{
			"name": b.Name(), "title": b.Title, "uid": b.UID, "from": b.From, "panels": len(b.Panels), "gnet_id": b.GnetID, "revision": b.Revision, "provisioned": provisioned,
		})
		panels := strconv.Itoa(len(b.Panels))
		if !provisioned {
			panels = u.paint.yellow("needs a datasource that is not there")
		}
		rows = append(rows, []string{u.paint.bold(b.Name()), b.Title, b.From + revisionOf(b.Dashboard), panels})
	}
	u.Table([]string{"NAME", "TITLE", "FROM", "PANELS"}, rows)
}

// CheckedDashboard is a dashboard with what is wrong with its queries.
type CheckedDashboard struct {
	Board   desired.Board
	Queries int
	Broken  []dashboard.Question // they are not understood: Err says why
	Missing []MissingMetric
}

// MissingMetric is a metric that no target exposes.
type MissingMetric struct {
	Name      string
	Panels    []string
	Explained bool // each of the panels says why it may be empty
}

// Good says that nothing is wrong.
func (c CheckedDashboard) Good() bool {
	for _, m := range c.Missing {
		if !m.Explained {
			return false
		}
	}
	return len(c.Broken) == 0
}

// CheckedDashboards prints them, those without faults in one line.
func (u *UI) CheckedDashboards(all []CheckedDashboard) {
	for _, c := range all {
		u.Emit("dashboard", map[string]any{"name": c.Board.Name(), "title": c.Board.Title, "queries": c.Queries, "broken": len(c.Broken), "missing": len(c.Missing), "good": c.Good()})
		mark := u.paint.green("ok")
		if !c.Good() {
			mark = u.paint.red("!!")
		}
		u.Print("%s %s  %s", mark, u.paint.bold(c.Board.Name()), count(c.Queries, "question"))
		for _, q := range c.Broken {
			u.Emit("query", map[string]any{"dashboard": c.Board.Name(), "panel": q.Panel, "ref": q.Ref, "query": q.Text, "error": q.Err.Error()})
			u.Print("   panel %q (%s): %v\n      %s", q.Panel, cmp.Or(q.Ref, "-"), q.Err, u.paint.dim(q.Text))
		}
		for _, m := range c.Missing {
			u.Emit("metric", map[string]any{"dashboard": c.Board.Name(), "metric": m.Name, "panels": m.Panels, "explained": m.Explained})
			if !m.Explained {
				u.Print("   no target exposes %s: %s", u.paint.bold(m.Name), panels(m.Panels))
			} else if u.Verbose {
				u.Print("   %s", u.paint.dim(fmt.Sprintf("no target exposes %s, which %s may be without", m.Name, panels(m.Panels))))
			}
		}
	}
}

// panels names the first few.
func panels(titles []string) string {
	const most = 3
	if more := len(titles) - most; more > 0 {
		return fmt.Sprintf("%q and %d more", titles[:most], more)
	}
	return fmt.Sprintf("%q", titles)
}
