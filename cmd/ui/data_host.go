package ui

import (
	"fmt"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/doctor/datahost"
	"github.com/monctl/monctl/doctor/datahost/stream"
)

// DataTarget prints whose data it is and where they really are, with what disagrees.
func (u *UI) DataTarget(name string, p datahost.Place, truth clock.Truth) {
	u.Emit("target", map[string]any{"name": name, "place": p, "truth": truth})
	where := p.Path
	if p.Mount == p.Path {
		where += " (a mount point)"
	}
	u.Print("%s  %s", u.paint.bold(name), where)
	for _, s := range p.Sources {
		u.Print("  %s", u.paint.dim(fmt.Sprintf("%-18s %s", s.From, s.Path)))
	}
	if d := p.Disagreement(); d != "" {
		u.Print("  %s %s", u.paint.yellow("!"), d)
	}
}

// DataProofs prints what was proven after the start.
func (u *UI) DataProofs(name string, proofs []datahost.Proof) {
	for _, p := range proofs {
		u.Emit("proof", map[string]any{"target": name, "what": p.What, "ok": p.Err == nil, "said": p.Said})
		mark := u.paint.green("✓")
		if p.Err != nil {
			mark = u.paint.red("✗")
		}
		text := p.What
		if p.Said != "" {
			text += u.paint.dim(": " + p.Said)
		}
		u.Print("  %s %s", mark, text)
	}
}

// DataPreventions prints what keeps it from happening again and is not there yet.
func (u *UI) DataPreventions(list []datahost.Prevention) {
	steps := []map[string]any{}
	for _, p := range list {
		steps = append(steps, map[string]any{"what": p.What, "by_hand": p.Hand, "risk": p.Risk, "possible": p.Possible()})
	}
	u.Emit("prevention", map[string]any{"steps": steps})
	if len(list) == 0 {
		return
	}
	u.Print("\nSo that it does not happen again:")
	for _, p := range list {
		u.Print("  %s %s", u.paint.cyan("→"), p.What)
		u.Print("    %s", u.paint.dim(p.Hand))
		if p.Risk != "" {
			u.Print("    %s", u.paint.dim(p.Risk))
		}
	}
}

// DataPrevented prints what was done of it.
func (u *UI) DataPrevented(p datahost.Prevention) {
	u.Emit("prevented", map[string]any{"what": p.What})
	u.Print("  %s %s", u.paint.green("✓"), p.What)
}

// DataFetched prints what was brought to this machine.
func (u *UI) DataFetched(name string, r stream.Received, took time.Duration) {
	u.Emit("fetched", map[string]any{"target": name, "folder": r.Folder, "files": r.Files, "bytes": r.Bytes, "seconds": took.Seconds()})
	u.Print("  %s %s: %s in %s, every sum as on the host (%s.sha256)", u.paint.green("✓"), r.Folder, Bytes(r.Bytes), count(r.Files, "file"), r.Folder)
}
