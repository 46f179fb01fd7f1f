// Package report writes what the doctor found as files: a self-contained HTML page, and JUnit XML for CI servers. It is
// pure: it looks at nothing and decides nothing, and what it is given is text from hosts, which it escapes.
package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/monctl/monctl/doctor"
)

// families gives the families of some checks, in their order.
func families(checks []doctor.Check) []string {
	var list []string
	for _, c := range checks {
		if !slices.Contains(list, c.Family()) {
			list = append(list, c.Family())
		}
	}
	return list
}

func familyOf(id string) string {
	family, _, _ := strings.Cut(id, "/")
	return family
}

// says is an observation in words, numbers with their bound.
func says(e doctor.Evidence) string {
	if e.Unit == "" {
		return e.Text
	}
	unit := " " + e.Unit
	if e.Unit == "1" {
		unit = ""
	}
	text := strconv.FormatFloat(e.Value, 'f', -1, 64)
	if e.Bound > 0 {
		text += " ± " + strconv.FormatFloat(e.Bound, 'g', 3, 64)
	}
	text += unit
	if e.Text != "" {
		text += " (" + e.Text + ")"
	}
	return text
}
