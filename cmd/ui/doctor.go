package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor"
)

// Doctor prints a report: family by family, causes with their evidence, consequences below their cause, and what is well
// folded into one line. Pictures come before the family they belong to.
func (u *UI) Doctor(f doctor.Fleet, r doctor.Report, checks []doctor.Check) {
	if u.JSON {
		u.doctorJSON(f, r)
		return
	}
	for _, family := range families(checks) {
		u.family(f, r, family, checks)
	}
	u.verdict(f, r, checks)
}

func families(checks []doctor.Check) []string {
	var list []string
	for _, c := range checks {
		if !slices.Contains(list, c.Family()) {
			list = append(list, c.Family())
		}
	}
	return list
}

func (u *UI) family(f doctor.Fleet, r doctor.Report, family string, checks []doctor.Check) {
	var causes []doctor.Finding
	for _, c := range r.Causes() {
		if familyOf(c.Check) == family {
			causes = append(causes, c)
		}
	}
	results := slices.DeleteFunc(slices.Clone(r.Results), func(x doctor.Result) bool { return familyOf(x.Check) != family })
	if len(results) == 0 {
		return
	}
	u.Print("%s", u.paint.bold(family))
	u.pictures(f, family)
	if !u.Verbose {
		causes = together(causes)
	}
	for _, c := range causes {
		u.finding(c, "  ")
		u.consequences(r.Consequences(c))
	}
	well := 0
	for _, x := range results {
		if x.Level != doctor.OK {
			continue
		}
		well++
		if u.Verbose {
			u.Print("  %s %s", u.paint.green("✓"), strings.TrimSpace(x.Host+" "+titleOf(checks, x.Check)+" ")+" "+u.paint.dim(x.Check))
		}
	}
	if well > 0 && !u.Verbose {
		u.Print("  %s", u.paint.dim(fmt.Sprintf("✓ %d of %s", well, count(len(results), "result"))+" well"))
	}
}

// together makes one line of what several checks cannot tell about a host for the same reason.
func together(list []doctor.Finding) []doctor.Finding {
	bare := func(f doctor.Finding) bool {
		return f.Level == doctor.Unknown && len(f.Evidence) == 0 && f.Cause == "" && f.Fix == ""
	}
	var lines []doctor.Finding
	var checks []int
	for _, f := range list {
		i := slices.IndexFunc(lines, func(l doctor.Finding) bool {
			return bare(f) && bare(l) && l.Host == f.Host && l.Component == f.Component && l.Title == f.Title
		})
		if i < 0 {
			lines, checks = append(lines, f), append(checks, 1)
			continue
		}
		checks[i]++
		lines[i].Check = count(checks[i], "check") + " (-v lists them)"
	}
	return lines
}

// pictures prints what shows a family at one glance, where a person reads. The offsets of clocks are printed anywhere: they are what
// was asked for.
func (u *UI) pictures(f doctor.Fleet, family string) {
	person := u.outTTY || u.Verbose
	var lines []string
	switch {
	case family == "clock":
		lines = clockChart(f, min(u.width, 100)-2, person)
	case family == "reach" && person:
		lines = u.reachGrid(f.Links(), min(u.width, 120)-2)
	}
	for _, line := range lines {
		u.Print("  %s", line)
	}
}

func familyOf(id string) string {
	family, _, _ := strings.Cut(id, "/")
	return family
}

func titleOf(checks []doctor.Check, id string) string {
	for _, c := range checks {
		if c.ID == id {
			return c.Title
		}
	}
	return id
}

// mark is the sign and the colour of a level.
func (u *UI) mark(l doctor.Level) string {
	switch l {
	case doctor.Fail:
		return u.paint.red("✗")
	case doctor.Warn:
		return u.paint.yellow("!")
	case doctor.Unknown:
		return u.paint.cyan("?")
	case doctor.Note:
		return u.paint.dim("·")
	}
	return u.paint.green("✓")
}

func (u *UI) finding(f doctor.Finding, by string) {
	where := strings.TrimSpace(f.Host + " " + f.Component)
	if where == "" {
		where = "this machine"
	}
	u.headline(f, u.paint.bold(where), by)
	for _, e := range f.Evidence {
		u.Print("%s    %s", by, u.paint.dim(u.wrapOut(e.What+": "+Evidence(e), by+"      ")))
	}
	if f.Cause != "" {
		u.Print("%s    %s", by, u.wrapOut(f.Cause, by+"    "))
	}
	if !f.Since.IsZero() {
		u.Print("%s    since %s", by, f.Since.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if f.Fix != "" {
		u.Print("%s    %s %s", by, u.paint.cyan("→"), strings.ReplaceAll(f.Fix, "\n", "\n"+by+"      "))
	}
}

// headline is where, what, and the check that says so.
func (u *UI) headline(f doctor.Finding, where, by string) {
	u.Print("%s%s %s", by, u.mark(f.Level), u.wrapOut(where+": "+f.Title+"  "+u.paint.dim(f.Check), by+"    "))
}

// consequences prints what a cause explains; what only cannot be told because of it is counted, unless -v wants it all.
func (u *UI) consequences(list []doctor.Finding) {
	if !u.Verbose {
		all := len(list)
		list = slices.DeleteFunc(slices.Clone(list), func(f doctor.Finding) bool { return f.Level == doctor.Unknown })
		if hidden := all - len(list); hidden > 0 {
			defer u.Print("      %s %s", u.mark(doctor.Unknown), u.paint.dim(count(hidden, "check")+" cannot tell because of it (-v lists them)"))
		}
	}
	for n, f := range list {
		if n == 0 {
			u.Print("    %s", u.paint.dim("and because of it:"))
		}
		if u.Verbose {
			u.finding(f, "      ")
			continue
		}
		u.headline(f, strings.TrimSpace(f.Host+" "+f.Component), "      ")
	}
}

// Evidence is an observation in words, numbers with their bound.
func Evidence(e doctor.Evidence) string {
	if e.Unit == "" {
		return e.Text
	}
	unit := " " + e.Unit
	if e.Unit == "1" {
		unit = ""
	}
	text := strconv.FormatFloat(e.Value, 'f', -1, 64) + unit
	if e.Bound > 0 {
		text += " ± " + strconv.FormatFloat(e.Bound, 'g', 3, 64) + unit
	}
	if e.Text != "" {
		text += " (" + e.Text + ")"
	}
	return text
}

func (u *UI) verdict(f doctor.Fleet, r doctor.Report, checks []doctor.Check) {
	counts := map[doctor.Level]int{}
	for _, c := range r.Causes() {
		counts[c.Level]++
	}
	scope := fmt.Sprintf("%s on %s", count(len(checks), "check"), count(len(f.Hosts), "host"))
	if f.Truth.Source != "" {
		scope += "; true time: " + f.Truth.Source
	}
	if r.Worst() <= doctor.Note && len(f.Lost) == 0 {
		u.Print("\n%s %s", u.paint.green("all is well"), u.paint.dim("("+scope+")"))
		return
	}
	var words []string
	for _, l := range []doctor.Level{doctor.Fail, doctor.Warn, doctor.Unknown, doctor.Note} {
		if counts[l] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[l], l))
		}
	}
	if len(f.Lost) > 0 {
		words = append(words, count(len(f.Lost), "host")+" not examined")
	}
	u.Print("\n%s %s", u.paint.bold(strings.Join(words, ", ")), u.paint.dim("("+scope+")"))
}

// Changes prints what became different between two looks.
func (u *UI) Changes(at time.Time, changes []doctor.Change) {
	for _, c := range changes {
		if u.JSON {
			u.Emit("change", map[string]any{"at": at.UTC().Format(time.RFC3339), "gone": c.Gone, "was": c.Was, "finding": c.Finding})
			continue
		}
		if c.Gone {
			u.Print("%s %s %s: well again: %s", at.Format(time.TimeOnly), u.paint.green("✓"), strings.TrimSpace(c.Host+" "+c.Component), c.Title)
			continue
		}
		if c.MutedBy != "" && !u.Verbose {
			u.Print("%s   %s %s: %s  %s", at.Format(time.TimeOnly), u.mark(c.Level), strings.TrimSpace(c.Host+" "+c.Component), c.Title, u.paint.dim(c.Check+", because of "+c.MutedBy))
			continue
		}
		u.finding(c.Finding, at.Format(time.TimeOnly)+" ")
	}
}

// Answers prints the hosts that cannot be examined any more, and those that can again.
func (u *UI) Answers(at time.Time, gone []doctor.Lost, back []string) {
	for _, l := range gone {
		u.Emit("host", map[string]any{"at": at.UTC().Format(time.RFC3339), "host": l.Name, "examined": false, "error": l.Why})
		u.Print("%s %s %s: cannot be examined any more: %s", at.Format(time.TimeOnly), u.paint.red("✗"), u.paint.bold(l.Name), l.Why)
	}
	for _, name := range back {
		u.Emit("host", map[string]any{"at": at.UTC().Format(time.RFC3339), "host": name, "examined": true})
		u.Print("%s %s %s: is examined again", at.Format(time.TimeOnly), u.paint.green("✓"), u.paint.bold(name))
	}
}

// Fixes prints what would be done, as it would be done.
func (u *UI) Fixes(fixes []doctor.Fix) {
	for _, f := range fixes {
		u.Emit("fix", f)
		u.Print("\n%s: %s", u.paint.bold(f.Host), f.Title)
		for n, s := range f.Steps {
			u.Print("  %d. %s", n+1, s.Why)
			u.Print("%s", u.paint.dim(indent(s.Run, "       ")))
		}
		if f.Risk != "" {
			u.Print("  risk: %s", f.Risk)
		}
		if f.Then != "" {
			u.Print("  then: %s", f.Then)
		}
	}
	if len(fixes) == 0 {
		u.Print("\nthere is nothing that monctl can fix by itself")
	}
}

// Afterwards reminds of what is left to a person.
func (u *UI) Afterwards(fixes []doctor.Fix) {
	for _, f := range fixes {
		if f.Then != "" {
			u.Print("%s %s", u.paint.cyan("→"), f.Then)
		}
	}
}

// Checks lists checks.
func (u *UI) Checks(checks []doctor.Check) {
	rows := make([][]string, 0, len(checks))
	for _, c := range checks {
		u.Emit("check", map[string]any{"check": c.ID, "title": c.Title, "after": c.After, "on": c.On, "root": c.Root})
		rows = append(rows, []string{c.ID, c.Title})
	}
	u.Table([]string{"CHECK", "WHAT HOLDS WHEN ALL IS WELL"}, rows)
}

// Explain prints the pages of checks.
func (u *UI) Explain(checks []doctor.Check) {
	for n, c := range checks {
		u.Emit("explanation", map[string]any{"check": c.ID, "title": c.Title, "after": c.After, "doc": c.Doc})
		if n > 0 {
			u.Print("")
		}
		u.Print("%s  %s", u.paint.bold(c.ID), c.Title)
		for _, part := range []struct{ name, text string }{
			{"symptom", c.Doc.Symptom},
			{"cause", c.Doc.Cause},
			{"evidence", c.Doc.Evidence},
			{"fix", c.Doc.Fix},
			{"risk", c.Doc.Risk},
			{"source", c.Doc.Source},
			{"caused by", strings.Join(c.After, ", ")},
		} {
			if part.text != "" {
				u.Print("  %-10s %s", part.name, u.wrapOut(part.text, "             "))
			}
		}
	}
}
