package look

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/resource"
)

// questions is the part of the script that does not depend on the resources: functions that print one section each.
//
//go:embed look.sh
var questions string

// Script returns the read-only sh program that answers for the resources. Equal resources give an equal script.
func Script(resources []resource.Resource) string {
	var ask asked
	for _, r := range resources {
		ask.add(r)
	}
	var b strings.Builder
	b.WriteString(questions)
	section := func(name string, words []string) {
		if len(words) > 0 {
			fmt.Fprintf(&b, "%s %s\n", name, fleet.QuoteAll(words...))
		}
	}
	section("look_paths", ask.paths)
	section("look_sums", ask.sums)
	section("look_links", ask.links)
	section("look_marks", ask.marks)
	section("look_users", ask.users)
	section("look_groups", ask.members)
	section("look_known_groups", ask.groups)
	section("look_units", ask.units)
	for _, s := range ask.scripts {
		fmt.Fprintf(&b, "look_script %s\n", fleet.QuoteAll(s.Name, s.Look))
	}
	b.WriteString("look_state\n")
	return b.String()
}

// asked collects the words of each section.
type asked struct {
	paths, sums, links, marks, users, units []string
	members, groups                         []string // users whose groups matter, and those groups
	scripts                                 []resource.Script
}

func (a *asked) add(r resource.Resource) {
	switch r := r.(type) {
	case resource.File:
		a.paths = append(a.paths, r.Path)
		a.sums = append(a.sums, r.Path)
	case resource.Dir:
		a.paths = append(a.paths, r.Path)
	case resource.Link:
		a.paths = append(a.paths, r.Path)
		a.links = append(a.links, r.Path)
	case resource.Release:
		a.marks = append(a.marks, r.Dir)
		for _, bin := range r.Binaries {
			a.paths = append(a.paths, r.Dir+"/"+bin)
		}
	case resource.Gone:
		a.paths = append(a.paths, r.Path)
	case resource.Move:
		a.paths = append(a.paths, r.From)
	case resource.Purge:
		a.paths = append(a.paths, r.Path)
	case resource.User:
		a.users = append(a.users, r.Name)
		if len(r.Groups) > 0 {
			a.members, a.groups = append(a.members, r.Name), append(a.groups, r.Groups...)
		}
	case resource.Script:
		a.scripts = append(a.scripts, r)
	case resource.NoUser:
		a.users = append(a.users, r.Name)
	case resource.Service:
		a.units = append(a.units, r.Unit)
	case resource.Stopped:
		a.units = append(a.units, r.Unit)
	}
}
