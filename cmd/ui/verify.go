package ui

import (
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer"
)

// ProofTally counts proofs.
type ProofTally struct{ Proofs, Unproven, Notes int }

// ProofsOf counts what was proven of all hosts.
func ProofsOf(outcomes []installer.Outcome) ProofTally {
	var t ProofTally
	for _, o := range outcomes {
		for _, p := range o.Proofs {
			t.Proofs++
			switch {
			case p.Err != nil:
				t.Unproven++
			case p.Note != "":
				t.Notes++
			}
		}
	}
	return t
}

// Verified prints what was proven of each host; what was not, with its reason and remedy.
func (u *UI) Verified(outcomes []installer.Outcome) {
	for n, o := range outcomes {
		for _, p := range o.Proofs {
			u.Emit("proof", hostProof{o.Host, proofRecord{string(p.Kind), p.What, p.Unit, p.Err == nil, p.Note, said(p.Err)}})
		}
		if n > 0 {
			u.Print("")
		}
		u.Print("%s", u.paint.bold(o.Host))
		if o.Err != nil {
			u.Print("  %s cannot be asked", u.paint.red("✗"))
			continue
		}
		for _, line := range u.proofLines(o.Proofs) {
			u.Print("  %s", line)
		}
	}
	t := ProofsOf(outcomes)
	switch {
	case t.Unproven > 0:
		u.Print("\n%s of %s not proven", u.paint.red(fmt.Sprint(t.Unproven)), count(t.Proofs, "thing"))
	case len(failedOutcomes(outcomes)) == 0:
		notes := ""
		if t.Notes > 0 {
			notes = fmt.Sprintf(", %d with a note", t.Notes)
		}
		u.Print("\n%s %s on %s%s", u.paint.green("all is proven:"), count(t.Proofs, "thing"), count(len(outcomes), "host"), notes)
	}
}

type hostProof struct {
	Host string `json:"host"`
	proofRecord
}

func failedOutcomes(outcomes []installer.Outcome) []string {
	var hosts []string
	for _, o := range outcomes {
		if o.Err != nil {
			hosts = append(hosts, o.Host)
		}
	}
	return hosts
}

// proofLines has a line for each proof, and below it what a person can do.
func (u *UI) proofLines(proofs []installer.Proof) []string {
	var lines []string
	for _, p := range proofs {
		switch {
		case p.Err != nil:
			lines = append(lines, u.paint.red("✗")+" "+p.What+": "+indentRest(said(p.Err)))
			if remedy := fault.Remedy(p.Err); remedy != "" {
				lines = append(lines, "  "+u.paint.cyan("→")+" "+remedy)
			}
		case p.Note != "":
			lines = append(lines, u.paint.yellow("!")+" "+p.What+": "+p.Note)
		default:
			lines = append(lines, u.paint.green("✓")+" "+p.What)
		}
	}
	return lines
}

// indentRest keeps the lines after the first below the first.
func indentRest(text string) string { return strings.ReplaceAll(text, "\n", "\n      ") }
