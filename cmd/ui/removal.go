package ui

import (
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer"
)

// NothingThere says what was looked for in vain.
func NothingThere(components []string) string {
	if len(components) == 0 {
		return "monctl has installed nothing there"
	}
	return "monctl has not installed " + strings.Join(components, ", ") + " there"
}

// Kept prints which data stays on the hosts.
func (u *UI) Kept(kept []installer.Kept) {
	if len(kept) == 0 || u.JSON {
		return
	}
	var rows [][]string
	for _, k := range kept {
		rows = append(rows, []string{"  " + k.Host, k.Component, k.Path})
	}
	u.Print("\nData that stays:\n%s", strings.TrimSuffix(u.rows(rows), "\n"))
}

// Removed prints how hosts came out of an uninstall.
func (u *UI) Removed(run *installer.Run, outcomes []installer.Outcome, failed []HostError) {
	var rows [][]string
	for i, o := range outcomes {
		if u.JSON {
			u.Emit("result", resultRecord{Host: o.Host, OK: o.Err == nil, Changed: o.Changed, RolledBack: o.RolledBack, Error: said(o.Err), Components: []componentRecord{}, Proofs: []proofRecord{}})
			continue
		}
		switch {
		case o.Err != nil:
			rows = append(rows, []string{u.paint.red("✗"), o.Host, u.paint.red("failed"), fate(o)})
		case o.Changed:
			rows = append(rows, []string{u.paint.green("✓"), o.Host, "removed", strings.Join(stoppedUnits(run.Hosts[i]), ", ")})
		}
	}
	if len(rows) > 0 {
		u.Print("%s", strings.TrimSuffix(u.rows(rows), "\n"))
	}
	u.Errors(failed)
	if slices.ContainsFunc(outcomes, func(o installer.Outcome) bool { return o.Err == nil && o.Changed }) {
		u.Say("until the next change of a host, what was removed there is kept in /var/lib/monctl/.host: monctl rollback HOST brings it back")
	}
}

func stoppedUnits(h *installer.Host) []string {
	var units []string
	for _, r := range h.Resources {
		if s, ok := r.(resource.Stopped); ok {
			units = append(units, s.Unit)
		}
	}
	return units
}

// RolledBack prints how hosts came out of a rollback.
func (u *UI) RolledBack(outcomes []installer.Outcome, failed []HostError) {
	var rows [][]string
	for _, o := range outcomes {
		if u.JSON {
			u.Emit("result", resultRecord{Host: o.Host, OK: o.Err == nil, Changed: o.Changed, RolledBack: o.RolledBack, Error: said(o.Err), Components: []componentRecord{}, Proofs: proofRecords(o)})
			continue
		}
		switch {
		case o.Err != nil && o.RolledBack:
			rows = append(rows, []string{u.paint.red("✗"), o.Host, "taken back, but not well"})
		case o.Err == nil:
			rows = append(rows, []string{u.paint.green("✓"), o.Host, "taken back: " + whatIsReady(o)})
		}
	}
	if len(rows) > 0 {
		u.Print("%s", strings.TrimSuffix(u.rows(rows), "\n"))
	}
	u.Errors(failed)
}

func whatIsReady(o installer.Outcome) string {
	var words []string
	for _, p := range o.Proofs {
		if p.Err == nil {
			words = append(words, p.What)
		}
	}
	if len(words) == 0 {
		return "nothing of monctl is installed there any more"
	}
	return strings.Join(words, ", ")
}
