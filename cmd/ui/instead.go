package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer"
)

// Instead says what a plan has in the place of what the inventory names, and why. Hosts with the same reason are named once.
func (u *UI) Instead(run *installer.Run) {
	if u.JSON {
		return
	}
	type said struct{ what, remedy string }
	var order []said
	hosts := map[said][]string{}
	for _, i := range run.Instead {
		s := said{what: insteadWords(i)}
		if i.Why != nil {
			s.remedy = fault.Remedy(i.Why)
		}
		if !slices.Contains(order, s) {
			order = append(order, s)
		}
		hosts[s] = append(hosts[s], i.Host)
	}
	for _, s := range order {
		u.Print("%s %s: %s", u.paint.yellow("!"), u.paint.bold(Names(hosts[s])), u.wrap(s.what, "  "))
		if s.remedy != "" {
			u.Print("  %s %s", u.paint.cyan("→"), u.wrap(s.remedy, "    "))
		}
	}
	if len(order) > 0 {
		u.Print("")
	}
}

func insteadWords(i installer.Instead) string {
	words := fmt.Sprintf("%s runs in the place of %s", i.With, i.Component)
	if i.Why != nil {
		words = fmt.Sprintf("cannot be had: %s. The bundled monitor is planned in its place; when it can be had: monctl upgrade HOST/%s --to %s", i.Why, i.With, i.Component)
	}
	if len(i.Without) > 0 {
		words += ". Without the settings " + strings.Join(i.Without, ", ")
	}
	return words
}

type insteadRecord struct {
	Host      string   `json:"host"`
	Component string   `json:"component"`
	With      string   `json:"with"`
	Why       string   `json:"why,omitempty"`
	Without   []string `json:"without,omitempty"`
}

func (u *UI) insteadJSON(run *installer.Run) {
	for _, i := range run.Instead {
		u.Emit("instead", insteadRecord{i.Host, i.Component, i.With, said(i.Why), i.Without})
	}
}
