package ui

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/monctl/monctl/doctor"
)

// The elements of JUnit XML that CI servers read (the schema of Jenkins' xUnit plugin).
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Time     string      `xml:"timestamp,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string     `xml:"classname,attr"`
		Name    string     `xml:"name,attr"`
		Failure *junitText `xml:"failure,omitempty"`
		Error   *junitText `xml:"error,omitempty"`
	}
	junitText struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// DoctorJUnit writes one suite per family and one case per check and host. What is wrong is a failure, what cannot be
// told and a host that could not be examined an error; consequences name their cause.
func DoctorJUnit(w io.Writer, f doctor.Fleet, r doctor.Report, checks []doctor.Check) error {
	var all junitSuites
	for _, family := range families(checks) {
		s := junitSuite{Name: family, Time: f.Taken.Format("2006-01-02T15:04:05")}
		for _, x := range r.Results {
			if familyOf(x.Check) == family {
				s.add(junitOf(x, r))
			}
		}
		if s.Tests > 0 {
			all.Suites = append(all.Suites, s)
		}
	}
	lost := junitSuite{Name: "hosts", Time: f.Taken.Format("2006-01-02T15:04:05")}
	for _, l := range f.Lost {
		lost.add(junitCase{Class: "hosts", Name: l.Name, Error: &junitText{Message: l.Why}})
	}
	if lost.Tests > 0 {
		all.Suites = append(all.Suites, lost)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	return encoder.Encode(all)
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
	s.Cases = append(s.Cases, c)
}

func junitOf(x doctor.Result, r doctor.Report) junitCase {
	c := junitCase{Class: x.Check, Name: strings.TrimSpace(x.Check + " " + x.Host)}
	if x.Level < doctor.Unknown {
		return c
	}
	var titles, lines []string
	for _, f := range r.Findings {
		if f.Check != x.Check || f.Host != x.Host || f.Level < doctor.Unknown {
			continue
		}
		titles = append(titles, f.Title)
		lines = append(lines, f.Cause)
		for _, e := range f.Evidence {
			lines = append(lines, e.What+": "+evidence(e))
		}
		if f.MutedBy != "" {
			lines = append(lines, "because of "+f.MutedBy)
		}
		lines = append(lines, f.Fix)
	}
	text := &junitText{Message: strings.Join(titles, "; "), Text: strings.Join(lines, "\n")}
	if x.Level == doctor.Unknown {
		c.Error = text
	} else {
		c.Failure = text
	}
	return c
}
