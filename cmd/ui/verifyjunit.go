package ui

import (
	"io"
	"time"

	"github.com/monctl/monctl/doctor/report/junit"
	"github.com/monctl/monctl/installer"
)

// VerifyJUnit writes one suite per host and one case per proof: what is not proven fails, a note is in system-out, and a
// host that could not be asked is an error.
func VerifyJUnit(w io.Writer, at time.Time, outcomes []installer.Outcome) error {
	var all []junit.Suite
	for _, o := range outcomes {
		s := junit.NewSuite(o.Host, at)
		if o.Err != nil {
			s.Add(junit.Case{Class: o.Host, Name: "the host can be asked", Error: &junit.Outcome{Message: said(o.Err)}})
		}
		for _, p := range o.Proofs {
			c := junit.Case{Class: o.Host + "." + string(p.Kind), Name: p.What, Out: p.Note}
			if p.Err != nil {
				c.Failure = &junit.Outcome{Message: said(p.Err)}
			}
			s.Add(c)
		}
		all = append(all, s)
	}
	return junit.Write(w, all...)
}
