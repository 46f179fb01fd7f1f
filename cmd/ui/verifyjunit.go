package ui

import (
	"encoding/xml"
	"io"
	"time"

	"github.com/monctl/monctl/installer"
)

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
		Out     string     `xml:"system-out,omitempty"`
	}
	junitText struct {
		Message string `xml:"message,attr"`
	}
)

// VerifyJUnit writes one suite per host and one case per proof: what is not proven fails, a note is in system-out, and a
// host that could not be asked is an error.
func VerifyJUnit(w io.Writer, at time.Time, outcomes []installer.Outcome) error {
	var all junitSuites
	for _, o := range outcomes {
		s := junitSuite{Name: o.Host, Time: at.UTC().Format("2006-01-02T15:04:05")}
		if o.Err != nil {
			s.Errors++
			s.Cases = append(s.Cases, junitCase{Class: o.Host, Name: "the host can be asked", Error: &junitText{said(o.Err)}})
		}
		for _, p := range o.Proofs {
			c := junitCase{Class: o.Host + "." + string(p.Kind), Name: p.What, Out: p.Note}
			if p.Err != nil {
				s.Failures++
				c.Failure = &junitText{said(p.Err)}
			}
			s.Cases = append(s.Cases, c)
		}
		s.Tests = len(s.Cases)
		all.Suites = append(all.Suites, s)
	}
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
