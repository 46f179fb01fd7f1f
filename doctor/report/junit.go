package report

import (
	"io"
	"strings"

	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/report/junit"
)

// JUnit writes one suite per family and one case per check and host:
//
//	ok       passes
//	note     passes, with the note in system-out
//	warn     fails, with type "warn"
//	fail     fails, with type "fail"
//	unknown  is an error with the reason: nobody could tell, and that is not ok
//
// A check whose findings are all consequences of a known cause is skipped and names the cause, which fails in its own case:
// one problem fails once. A host that could not be examined is an error of the suite "hosts".
func JUnit(w io.Writer, f doctor.Fleet, r doctor.Report, checks []doctor.Check) error {
	var all []junit.Suite
	for _, family := range families(checks) {
		s := junit.NewSuite(family, f.Taken)
		for _, x := range r.Results {
			if familyOf(x.Check) == family {
				s.Add(caseOf(x, r))
			}
		}
		all = append(all, s)
	}
	lost := junit.NewSuite("hosts", f.Taken)
	for _, l := range f.Lost {
		lost.Add(junit.Case{Class: "hosts", Name: l.Name, Error: &junit.Outcome{Message: l.Why, Type: "lost"}})
	}
	return junit.Write(w, append(all, lost)...)
}

func caseOf(x doctor.Result, r doctor.Report) junit.Case {
	c := junit.Case{Class: x.Check, Name: strings.TrimSpace(x.Check + " " + x.Host)}
	found, level, cause := own(x, r)
	if len(found) == 0 {
		return c
	}
	var titles, lines []string
	for _, f := range found {
		titles = append(titles, f.Title)
		lines = append(lines, linesOf(f)...)
	}
	text := &junit.Outcome{Message: strings.Join(titles, "; "), Type: level.String(), Text: strings.Join(lines, "\n")}
	switch {
	case level <= doctor.Note:
		c.Out = text.Message + "\n" + text.Text
	case cause != "":
		text.Message, text.Type = "because of "+cause+": "+text.Message, ""
		c.Skipped = text
	case level == doctor.Unknown:
		c.Error = text
	default:
		c.Failure = text
	}
	return c
}

// own gives the findings of a result that count: those that nothing else explains, or, with their cause, all.
func own(x doctor.Result, r doctor.Report) (found []doctor.Finding, level doctor.Level, cause string) {
	var muted []doctor.Finding
	for _, f := range r.Findings {
		switch {
		case f.Check != x.Check || f.Host != x.Host:
		case f.MutedBy != "":
			muted = append(muted, f)
		default:
			found, level = append(found, f), max(level, f.Level)
		}
	}
	if len(muted) > 0 && level <= doctor.Note {
		for _, f := range muted {
			level = max(level, f.Level)
		}
		return muted, level, muted[0].MutedBy
	}
	return found, level, ""
}

func linesOf(f doctor.Finding) []string {
	var lines []string
	if f.Cause != "" {
		lines = append(lines, f.Cause)
	}
	for _, e := range f.Evidence {
		lines = append(lines, e.What+": "+says(e))
	}
	if f.Fix != "" {
		lines = append(lines, "fix: "+f.Fix)
	}
	return lines
}
