package doctor

import (
	"slices"
	"strings"
)

// Verdict is what a report says of some targets of one Prometheus: one cause, or an unknown.
type Verdict struct {
	Finding
	Of []TargetKey
}

// Verdicts says of targets that are down, or of which nothing is stored, why: by the finding about them, or by the one that
// explains it. The Prometheus is that of process pid on one of the hosts. Every target is in exactly one verdict, in the order
// of the targets; one of which no check says anything is unknown, and so are all of them when the Prometheus cannot be asked.
func Verdicts(f Fleet, r Report, pid int, targets []TargetKey) []Verdict {
	c, why := newCases(f, r, pid)
	var list []Verdict
	at := map[string]int{}
	for _, t := range targets {
		cause := Finding{Level: Unknown, Title: "cannot tell: " + why}
		if why == "" {
			cause = c.causeOf(t)
		}
		name := cause.Key() + " " + cause.Title
		i, known := at[name]
		if !known {
			i, list = len(list), append(list, Verdict{Finding: cause})
			at[name] = i
		}
		list[i].Of = append(list[i].Of, t)
	}
	return list
}

// cases are the targets of one server with what a report says of them.
type cases struct {
	server server
	report Report
	about  map[TargetKey]int // index of the finding about a target
	errors map[TargetKey]string
	downs  map[TargetKey]downTarget
}

// newCases finds the server and reads its answers once. why is what keeps it from that; "" when nothing does.
func newCases(f Fleet, r Report, pid int) (c cases, why string) {
	all := servers(f)
	i := slices.IndexFunc(all, func(s server) bool { return s.Running && s.Process.PID == pid })
	if i < 0 {
		return c, "this monitor was not found among the processes of its host"
	}
	c = cases{server: all[i], report: r, about: map[TargetKey]int{}, errors: map[TargetKey]string{}, downs: map[TargetKey]downTarget{}}
	list, err := c.server.targets()
	if err != nil {
		return c, err.Error()
	}
	for _, t := range list.Active {
		c.errors[t.key()] = t.LastError
	}
	downs, err := c.server.downs()
	if err != nil {
		return c, err.Error()
	}
	for _, d := range downs {
		c.downs[d.key()] = d
	}
	for i, found := range r.Findings {
		for _, t := range found.Targets {
			if _, has := c.about[t]; !has && c.isMine(found) {
				c.about[t] = i
			}
		}
	}
	return c, ""
}

func (c cases) isMine(f Finding) bool {
	return f.Host == c.server.Host.Name && (f.Component == c.server.Name || f.Component == "")
}

// causeOf is why a target is as it is.
func (c cases) causeOf(t TargetKey) Finding {
	own, found := c.findingOf(t)
	if !found {
		return Finding{Level: Unknown, Title: "cannot tell: no check says anything of this target", Cause: "Its state changed while it was looked at, or the fault is one that monctl does not know."}
	}
	if own.MutedBy == "" {
		return own
	}
	for _, cause := range c.report.Findings {
		if cause.MutedBy == "" && cause.name() == own.MutedBy && c.behind(t, cause) {
			return cause
		}
	}
	return own
}

// refusals are the checks of what the TSDB says when it refuses the samples of a scrape.
var refusals = []struct{ text, check string }{
	{"out of bounds", "tsdb/out-of-bounds"},
	{"too old sample", "tsdb/out-of-bounds"},
	{"out of order sample", "tsdb/out-of-order"},
	{"duplicate sample for timestamp", "tsdb/duplicate-timestamps"},
}

// findingOf is the finding about a target itself. Refused samples are found of the server as a whole.
func (c cases) findingOf(t TargetKey) (Finding, bool) {
	i, has := c.about[t]
	for _, r := range refusals {
		if !has && strings.Contains(c.errors[t], r.text) {
			i = slices.IndexFunc(c.report.Findings, func(f Finding) bool { return c.isMine(f) && f.Check == r.check })
			has = i >= 0
		}
	}
	if _, down := c.downs[t]; !has && !down {
		i = slices.IndexFunc(c.report.Findings, c.keepsFromStoring)
		has = i >= 0
	}
	if !has {
		return Finding{}, false
	}
	return c.report.Findings[i], true
}

// keepsFromStoring says that a finding is a reason why nothing is stored of a target that answers. Of a server that has just started
// the check of stale targets itself says nothing yet.
func (c cases) keepsFromStoring(f Finding) bool {
	return f.Level >= Warn && f.MutedBy == "" && c.isMine(f) && slices.Contains(scrapeStale().After, f.Check)
}

// behind says that a cause can be that of a target: it is about the host, about the server, or about what should answer there. Of
// two exporters that do not run, each has a finding of its own.
func (c cases) behind(t TargetKey, cause Finding) bool {
	if cause.Component == "" || cause.Component == c.server.Name {
		return true
	}
	d, down := c.downs[t]
	at, ok := d.component()
	return down && ok && at.Name == cause.Component && d.host.Name == cause.Host
}
