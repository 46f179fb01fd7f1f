package ui

import (
	"fmt"
	"strings"

	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/installer/release/lock"
	"github.com/monctl/monctl/templates"
)

// Releases prints which release of each component was chosen, and who vouches for its sums.
func (u *UI) Releases(r *installer.Run) {
	var rows [][]string
	var notes []string
	for _, c := range r.Stack.Components() {
		chosen, ok := r.Releases[c.Name]
		if !ok {
			continue
		}
		vouched := Vouched(chosen)
		if c.Release.Source == templates.Self {
			vouched = "this program"
		}
		rows = append(rows, []string{c.Name, chosen.Version, strings.Join(archsOf(chosen), ", "), u.paint.dim(vouched)})
		for _, n := range c.Notes {
			notes = append(notes, fmt.Sprintf("%s %s: %s", u.paint.yellow("!"), c.Name, n))
		}
	}
	for _, n := range r.RouteNotes() {
		notes = append(notes, u.paint.yellow("!")+" "+n)
	}
	if len(rows) == 0 {
		return
	}
	u.Print("%s", u.table([]string{"COMPONENT", "RELEASE", "ARCH", "CHECKSUMS"}, rows))
	for _, n := range notes {
		u.Print("%s\n", n)
	}
}

func archsOf(r release.Release) []string {
	var archs []string
	for _, a := range templates.Archs() {
		if _, ok := r.Files[a]; ok {
			archs = append(archs, string(a))
		}
	}
	return archs
}

// Vouched says in words why the sums of a release are believed: the weakest reason of all its files.
func Vouched(r release.Release) string {
	weakest, locked := -1, true
	upstream := false
	for _, f := range r.Files {
		locked = locked && f.Locked
		if f.Trust == lock.Upstream {
			upstream = true
		}
		if weakest < 0 || f.Sources < weakest {
			weakest = f.Sources
		}
	}
	words := fmt.Sprintf("attested by %d sources", weakest)
	switch {
	case upstream:
		words = "upstream's own (--trust-upstream-sums)"
	case weakest == 1:
		words = "attested by one source"
	case weakest == 0:
		words = "as in " + lock.Name
	}
	if locked && weakest != 0 {
		words += ", as in " + lock.Name
	}
	return words
}
