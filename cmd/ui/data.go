package ui

import (
	"context"
	"errors"
	"strings"

	"github.com/monctl/monctl/doctor/datadir"
)

// DataInspection prints what was seen of a data directory.
func (u *UI) DataInspection(i datadir.Inspection) {
	u.Emit("inspection", i)
	u.Print("%s  %s", u.paint.bold(i.Path), string(i.Verdict))
	for _, a := range i.Advice {
		u.Print("  %s %s", u.paint.cyan("→"), a)
	}
}

// DataPlan prints what will be done with a data directory.
func (u *UI) DataPlan(p datadir.Plan) {
	u.Emit("plan", p)
	u.Print("\n%s: %s", u.paint.bold(string(p.Action)), p.Why)
	for n, s := range p.Steps {
		u.Print("  %d. %s", n+1, s)
	}
}

// DataProgress says what is being done.
func (u *UI) DataProgress(p datadir.Progress) {
	u.Emit("progress", p)
	if !u.JSON {
		u.Detail("%s", p.Step)
	}
}

// DataResult prints what was done.
func (u *UI) DataResult(r datadir.Result) {
	u.Emit("result", r)
	u.Print("\n%s %s", u.paint.green("✓"), string(r.Action))
	for _, n := range r.Next {
		u.Print("  %s %s", u.paint.cyan("→"), n)
	}
}

// DataPage writes the timeline of the blocks as one HTML page.
func DataPage(string, datadir.Inspection) error { return errors.New("not built yet") }

// Type asks for a word on the terminal.
func (u *UI) Type(ctx context.Context, question string) (string, error) {
	typed, err := u.ask(ctx, u.errPaint.bold(question), readLine)
	return strings.TrimSpace(typed), err
}
