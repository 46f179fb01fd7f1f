package report

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/monctl/monctl/doctor"
)

// The elements of JUnit XML that CI servers read (the schema of Jenkins' xUnit plugin).
type (
	suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []suite  `xml:"testsuite"`
	}
	suite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Time     string     `xml:"timestamp,attr"`
		Cases    []testCase `xml:"testcase"`
	}
	testCase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Failure *outcome `xml:"failure,omitempty"`
		Error   *outcome `xml:"error,omitempty"`
		Skipped *outcome `xml:"skipped,omitempty"`
		Out     string   `xml:"system-out,omitempty"`
	}
	outcome struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
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
	var all suites
	stamp := f.Taken.UTC().Format("2006-01-02T15:04:05")
	for _, family := range families(checks) {
		s := suite{Name: family, Time: stamp}
		for _, x := range r.Results {
			if familyOf(x.Check) == family {
				s.add(caseOf(x, r))
			}
		}
		all.add(s)
	}
	lost := suite{Name: "hosts", Time: stamp}
	for _, l := range f.Lost {
		lost.add(testCase{Class: "hosts", Name: l.Name, Error: &outcome{Message: l.Why, Type: "lost"}})
	}
	all.add(lost)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (a *suites) add(s suite) {
	if s.Tests > 0 {
		a.Suites = append(a.Suites, s)
	}
}

func (s *suite) add(c testCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func caseOf(x doctor.Result, r doctor.Report) testCase {
	c := testCase{Class: x.Check, Name: strings.TrimSpace(x.Check + " " + x.Host)}
	found, level, cause := own(x, r)
	if len(found) == 0 {
		return c
	}
	var titles, lines []string
	for _, f := range found {
		titles = append(titles, f.Title)
		lines = append(lines, linesOf(f)...)
	}
	text := &outcome{Message: strings.Join(titles, "; "), Type: level.String(), Text: strings.Join(lines, "\n")}
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
