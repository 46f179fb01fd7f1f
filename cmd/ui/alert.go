package ui

import (
	"errors"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer"
)

type answerRecord struct {
	Host        string  `json:"host"`
	Instance    string  `json:"instance"`
	Severity    string  `json:"severity"`
	Receiver    string  `json:"receiver"`
	Integration string  `json:"integration,omitempty"`
	Accepted    bool    `json:"accepted"`
	Status      int     `json:"status,omitempty"`
	Said        string  `json:"said"`
	Resolved    bool    `json:"resolved"`
	Seconds     float64 `json:"seconds"`
}

// AlertResults prints what the receivers of a test alert said.
func (u *UI) AlertResults(t installer.AlertTest, results []installer.AlertResult) {
	for _, r := range results {
		if r.Err != nil && len(r.Answers) == 0 && errors.Is(r.Err, installer.ErrNotAccepted) {
			u.Emit("answer", answerRecord{Host: r.Host, Instance: r.Instance, Severity: t.Severity, Said: said(r.Err)})
			u.Print("%s %s: %s", u.paint.red("✗"), r.Host, said(r.Err))
			if remedy := fault.Remedy(r.Err); remedy != "" {
				u.Print("  %s %s", u.paint.cyan("→"), remedy)
			}
		}
		for _, a := range r.Answers {
			u.Emit("answer", answerRecord{r.Host, r.Instance, t.Severity, a.Receiver, a.Integration, a.Accepted, a.Status, a.Said, a.Resolved, a.Took.Seconds()})
			mark, end := u.paint.green("✓"), "; the message that it is over was accepted, too"
			switch {
			case !a.Accepted:
				mark, end = u.paint.red("✗"), ""
			case !a.Resolved:
				end = "; it was ended, and the message of that follows after the route's group_interval"
			}
			if a.Integration != "" {
				end = " after " + Took(a.Took) + end
			}
			u.Print("%s %s: %s alert %s to receiver %s%s", mark, r.Host, t.Severity, r.Instance, a, end)
		}
	}
}
