// Package junit writes JUnit XML, with the elements that CI servers read (the schema of Jenkins' xUnit plugin).
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

type (
	// Suites is a whole file.
	Suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []Suite  `xml:"testsuite"`
	}
	// Suite counts its cases as Add puts them in.
	Suite struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"timestamp,attr"`
		Cases    []Case `xml:"testcase"`
	}
	// Case passes when it has none of the three outcomes.
	Case struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Failure *Outcome `xml:"failure,omitempty"`
		Error   *Outcome `xml:"error,omitempty"`
		Skipped *Outcome `xml:"skipped,omitempty"`
		Out     string   `xml:"system-out,omitempty"`
	}
	// Outcome says why.
	Outcome struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// NewSuite is a suite of what was found at a time.
func NewSuite(name string, at time.Time) Suite {
	return Suite{Name: name, Time: at.UTC().Format("2006-01-02T15:04:05")}
}

// Add counts a case.
func (s *Suite) Add(c Case) {
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

// Write writes the suites that have cases.
func Write(w io.Writer, suites ...Suite) error {
	var all Suites
	for _, s := range suites {
		if s.Tests > 0 {
			all.Suites = append(all.Suites, s)
		}
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+string(text)+"\n")
	return err
}
