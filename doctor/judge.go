package doctor

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"slices"
)

// Report is the outcome of a run: what was found, and what was well.
type Report struct {
	Findings []Finding // in the order of the checks; causes before their consequences
	Results  []Result  // every check and every host it was judged on
}

// Result is one check on one host.
type Result struct {
	Check, Host string
	Level       Level // the worst of its findings
}

// Judge lets every check judge the fleet. It is pure.
func Judge(f Fleet, checks []Check) Report {
	var r Report
	for _, c := range checks {
		view, unknown := f.viewOf(c)
		found := append(unknown, c.judge(view)...)
		for i := range found {
			found[i].Check = c.ID
		}
		r.Findings = append(r.Findings, found...)
		r.Results = append(r.Results, results(c, view, found)...)
	}
	mute(r.Findings, checks)
	return r
}

// viewOf is the fleet as a check sees it: hosts to which it applies and that answered. Those that did not are unknown.
func (f Fleet) viewOf(c Check) (Fleet, []Finding) {
	var unknown []Finding
	view := f
	view.Hosts = nil
	for _, h := range f.Hosts {
		if !c.appliesTo(h) {
			continue
		}
		if why := c.silent(h); why != "" {
			unknown = append(unknown, Finding{Host: h.Name, Level: Unknown, Title: "cannot tell: " + why})
			continue
		}
		view.Hosts = append(view.Hosts, h)
	}
	return view, unknown
}

func (c Check) appliesTo(h Host) bool {
	return c.On == nil || len(h.Of(c.On...)) > 0
}

// silent says why a check can tell nothing about a host; "" when it can.
func (c Check) silent(h Host) string {
	if c.Root && !h.Root {
		return "needs root, and the login is not root and cannot use sudo"
	}
	if why := h.Notes[c.ID][broke]; why != "" {
		return "this check broke on what it was answered: " + why
	}
	for _, id := range append(slices.Clone(c.Reads), c.ID) {
		a, asked := h.Probes[id]
		if asked && a.Err != "" {
			return a.Err
		}
	}
	if slices.Contains(c.Needs, Journal) && h.Unread["journal"] != "" {
		return "the journal: " + h.Unread["journal"]
	}
	return ""
}

// judge turns a check that breaks on what it is given into an unknown, so that it takes no other with it.
func (c Check) judge(f Fleet) (found []Finding) {
	defer func() {
		if r := recover(); r != nil {
			found = []Finding{{Level: Unknown, Title: fmt.Sprintf("cannot tell: this check broke: %v at %s", r, firstFrame(debug.Stack()))}}
		}
	}()
	return c.Judge(f)
}

func results(c Check, view Fleet, found []Finding) []Result {
	var list []Result
	at := func(host string) *Result {
		i := slices.IndexFunc(list, func(r Result) bool { return r.Host == host })
		if i < 0 {
			list = append(list, Result{Check: c.ID, Host: host})
			i = len(list) - 1
		}
		return &list[i]
	}
	for _, h := range view.Hosts {
		at(h.Name)
	}
	for _, f := range found {
		r := at(f.Host)
		r.Level = max(r.Level, f.Level)
	}
	return list
}

// mute marks the consequences of a known cause: a finding of a check that comes after another one's, when that one is
// certain and about the same host, or one that the finding concerns, or the fleet.
func mute(found []Finding, checks []Check) {
	of := map[string]Check{}
	for _, c := range checks {
		of[c.ID] = c
	}
	by := make([]int, len(found)) // of each finding, the index of its cause; itself when it is one
	for i := range found {
		by[i] = i
	}
	for i, f := range found {
		for j, cause := range found {
			// Checks may come after each other in a circle; findings must not, or none of them would be shown.
			if of[f.Check].explainedBy(f, cause) && rootOf(by, j) != i {
				by[i] = j
				break
			}
		}
	}
	for i := range found {
		if root := rootOf(by, i); root != i {
			found[i].MutedBy = found[root].name()
		}
	}
}

// explainedBy says that one finding is the cause of another, which is of this check.
func (c Check) explainedBy(f, cause Finding) bool {
	if cause.Level < Warn || cause.Slight && f.Level > cause.Level || !slices.Contains(c.After, cause.Check) {
		return false
	}
	if c.Own && cause.Host == f.Host && cause.Component != "" && f.Component != "" && cause.Component != f.Component {
		return false
	}
	return cause.Host == "" || cause.Host == f.Host || slices.Contains(f.Concerns, cause.Host)
}

// rootOf follows a chain of causes to its beginning.
func rootOf(by []int, i int) int {
	for by[i] != i {
		i = by[i]
	}
	return i
}

// name is how MutedBy refers to a finding.
func (f Finding) name() string { return f.Check + " " + f.Host }

// Worst is the worst level of the findings; OK when there are none.
func (r Report) Worst() Level {
	worst := OK
	for _, f := range r.Findings {
		worst = max(worst, f.Level)
	}
	return worst
}

// Causes gives the findings that no other one explains, worst first, otherwise in the order of the checks.
func (r Report) Causes() []Finding {
	causes := slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.MutedBy != "" })
	slices.SortStableFunc(causes, func(a, b Finding) int { return cmp.Compare(b.Level, a.Level) })
	return causes
}

// Consequences gives the findings that a cause explains. Of several causes of one check on one host, the first has them.
func (r Report) Consequences(cause Finding) []Finding {
	first := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.name() == cause.name() })
	if first < 0 || r.Findings[first].Key() != cause.Key() {
		return nil
	}
	var list []Finding
	for _, f := range r.Findings {
		if f.MutedBy == cause.name() {
			list = append(list, f)
		}
	}
	return list
}
