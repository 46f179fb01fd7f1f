package report

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/monctl/monctl/doctor"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"says": says, "pct": func(x float64) string { return fmt.Sprintf("%.2f%%", 100*x) },
	"where": where, "sign": sign,
}).Parse(pageText))

// HTML writes the report as one page that needs nothing else: causes first with their consequences under them, then clocks,
// the reachability matrix and the blocks of every TSDB.
func HTML(w io.Writer, f doctor.Fleet, r doctor.Report, checks []doctor.Check) error {
	well, all := 0, len(r.Results)
	for _, x := range r.Results {
		if x.Level == doctor.OK {
			well++
		}
	}
	offsets := newOffsets(f)
	return page.Execute(w, map[string]any{
		"Style": template.CSS(pageStyle), //nolint:gosec // it is ours
		"Fleet": f, "Taken": f.Taken.UTC().Format("2006-01-02 15:04:05 UTC"), "Counts": counts(r), "Worst": r.Worst(),
		"Well": well, "All": all, "Checks": len(checks), "Groups": groups(r, checks), "Families": tally(r, checks),
		"Offsets": offsets, "Matrix": newMatrix(f.Links()), "Timelines": newTimelines(f.Timelines()),
	})
}

// Blocks writes the timelines alone as a page, with what there is to say about them.
func Blocks(w io.Writer, title string, says []string, list []doctor.Timeline) error {
	return page.ExecuteTemplate(w, "blocks", map[string]any{
		"Style": template.CSS(pageStyle), //nolint:gosec // it is ours
		"Title": title, "Says": says, "Timelines": newTimelines(list),
	})
}

type levelCount struct {
	Level doctor.Level
	N     int
}

// counts gives how many causes there are of each level, worst first.
func counts(r doctor.Report) []levelCount {
	var list []levelCount
	for _, l := range []doctor.Level{doctor.Fail, doctor.Warn, doctor.Unknown, doctor.Note} {
		n := 0
		for _, c := range r.Causes() {
			if c.Level == l {
				n++
			}
		}
		list = append(list, levelCount{l, n})
	}
	return list
}

// group is one check's causes of one level. Up to three are shown one by one, more as a table.
type group struct {
	Check, Title string
	Level        doctor.Level
	Causes       []cause
	Doc          doctor.Doc
}

type cause struct {
	doctor.Finding
	Consequences []doctor.Finding
}

// Many says that the group is a table.
func (g group) Many() bool { return len(g.Causes) > 3 }

// First is the finding that stands for the others in a table.
func (g group) First() doctor.Finding { return g.Causes[0].Finding }

// Consequences of all causes of the group.
func (g group) Consequences() []doctor.Finding {
	var all []doctor.Finding
	for _, c := range g.Causes {
		all = append(all, c.Consequences...)
	}
	return all
}

func groups(r doctor.Report, checks []doctor.Check) []group {
	var list []group
	for _, f := range r.Causes() {
		i := slices.IndexFunc(list, func(g group) bool { return g.Check == f.Check && g.Level == f.Level })
		if i < 0 {
			g := group{Check: f.Check, Level: f.Level}
			if n := slices.IndexFunc(checks, func(c doctor.Check) bool { return c.ID == f.Check }); n >= 0 {
				g.Title, g.Doc = checks[n].Title, checks[n].Doc
			}
			list = append(list, g)
			i = len(list) - 1
		}
		list[i].Causes = append(list[i].Causes, cause{f, r.Consequences(f)})
	}
	return list
}

// familyTally is how many results of a family are well.
type familyTally struct {
	Name      string
	Well, All int
	Worst     doctor.Level
}

func tally(r doctor.Report, checks []doctor.Check) []familyTally {
	var list []familyTally
	for _, name := range families(checks) {
		t := familyTally{Name: name}
		for _, x := range r.Results {
			if familyOf(x.Check) != name {
				continue
			}
			t.All++
			t.Worst = max(t.Worst, x.Level)
			if x.Level == doctor.OK {
				t.Well++
			}
		}
		if t.All > 0 {
			list = append(list, t)
		}
	}
	return list
}

func where(f doctor.Finding) string {
	if f.Host == "" && f.Component == "" {
		return "fleet"
	}
	return strings.TrimSpace(f.Host + " " + f.Component)
}

// sign is a level without its colour.
func sign(l doctor.Level) string {
	return map[doctor.Level]string{doctor.OK: "✓", doctor.Note: "·", doctor.Unknown: "?", doctor.Warn: "!", doctor.Fail: "✗"}[l]
}
