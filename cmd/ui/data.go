package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor/datadir"
)

// DataInspection prints what was seen of a data directory: what it is, what is in it, what is wrong, and what to do.
func (u *UI) DataInspection(i datadir.Inspection) {
	u.Emit("inspection", i)
	if u.JSON {
		return
	}
	u.Print("%s  %s", u.paint.bold(i.Path), u.verdictWord(i.Verdict))
	var rows [][]string
	add := func(name, format string, args ...any) {
		rows = append(rows, []string{"  " + u.paint.dim(name), fmt.Sprintf(format, args...)})
	}
	if i.Given != i.Path {
		add("named", "%s", i.Given)
	}
	add("size", "%s in %s on %s%s, %s free", Bytes(i.Disk.Size), count(i.Disk.Files, "file"), i.Disk.Type, mountWord(i.Mount), Bytes(i.Disk.Free))
	add("in use", "%s", holdersWord(i.Holders))
	add("clock", "%s", clockWord(i.Truth))
	if i.Kind == datadir.Prometheus {
		u.tsdbRows(i, add)
	}
	u.write(u.out, u.rows(rows))
	u.blockTimeline(i)
	for _, p := range i.Problems {
		u.Print("  %s %s: %s", u.paint.red("✗"), p.Where, p.What)
	}
	u.aside(i.Aside)
	for _, a := range i.Advice {
		u.Print("  %s %s", u.paint.cyan("→"), a)
	}
}

func (u *UI) tsdbRows(i datadir.Inspection, add func(name, format string, args ...any)) {
	future := 0
	for _, b := range i.Blocks {
		if b.Future != datadir.Past {
			future++
		}
	}
	blocks := count(len(i.Blocks), "block")
	if future == 1 {
		blocks += u.paint.red(", 1 ends in the future")
	} else if future > 1 {
		blocks += u.paint.red(fmt.Sprintf(", %d end in the future", future))
	}
	add("blocks", "%s", blocks)
	add("head", "%s, %s", fmt.Sprintf("%d series", i.Head.Series), u.rangeWord(i.Head.Samples, i.Now))
	add("log", "%s", u.logWord(i.WAL))
	if i.WBL.Segments > 0 {
		add("out of order", "%s", u.logWord(i.WBL))
	}
	add("head chunks", "%s, %s", count(i.Chunks.Chunks, "chunk"), Bytes(i.Chunks.Bytes))
	if i.Head.Known {
		refuses := i.Head.RefusesBefore.String()
		if wait := i.Head.RefusesBefore.Sub(i.Now); wait > 0 {
			refuses += u.paint.red(fmt.Sprintf("  for %s from now on, everything is out of bounds", longWord(wait)))
		}
		add("refuses before", "%s", refuses)
	}
	if len(i.Snapshots) > 0 {
		add("snapshots", "%d, made by the server itself, in snapshots/", len(i.Snapshots))
	}
	if len(i.Retain.Deletes) > 0 {
		add("retention", "%s", u.paint.red("deletes "+count(len(i.Retain.Deletes), "good block")+" because of block "+i.Retain.Because))
	}
}

func (u *UI) verdictWord(v datadir.Verdict) string {
	switch v {
	case datadir.Healthy:
		return u.paint.green(string(v))
	case datadir.Ahead, datadir.Interrupted:
		return u.paint.yellow(string(v))
	}
	return u.paint.red(string(v))
}

func mountWord(mount bool) string {
	if mount {
		return " (a mount point)"
	}
	return ""
}

func holdersWord(list []datadir.Holder) string {
	var words []string
	for _, h := range list {
		if h.PID == 0 {
			words = append(words, "by somebody who holds its lock")
			continue
		}
		words = append(words, fmt.Sprintf("by %s (process %d, %s)", h.Command, h.PID, count(h.Files, "file")))
	}
	return or(strings.Join(words, ", "), "by nobody")
}

func clockWord(t datadir.Truth) string {
	if !t.Known {
		return "true time is not known: " + t.Source
	}
	return fmt.Sprintf("off by %s ± %s, by %s", (-t.Offset).Round(clockDigits), t.Bound.Round(clockDigits), t.Source)
}

// clockDigits is how exactly a clock is shown.
const clockDigits = 100 * time.Microsecond

func (u *UI) rangeWord(r datadir.Range, now datadir.Instant) string {
	if r.Empty() {
		return "no samples"
	}
	text := fmt.Sprintf("%s to %s", r.Low, r.High)
	if ahead := r.High.Sub(now); ahead > time.Second {
		text += u.paint.red(", " + longWord(ahead) + " in the future")
	}
	return text
}

func (u *UI) logWord(l datadir.Log) string {
	text := fmt.Sprintf("%s, %s, %s", Bytes(l.Bytes), count(l.Segments, "segment"), count(int(l.Samples), "sample"))
	if l.Future > 0 {
		text += u.paint.red(fmt.Sprintf(", %d of the future", l.Future))
	}
	return text
}

// longWord gives a duration that may be days: "8 h 49 min", "3 d 2 h".
func longWord(d time.Duration) string {
	switch {
	case d < time.Hour:
		return Took(d)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
}

func (u *UI) aside(list []datadir.Operation) {
	var rows [][]string
	for _, o := range list {
		rows = append(rows, []string{"  " + o.ID, string(o.State), Bytes(o.Bytes)})
	}
	if len(rows) > 0 {
		u.Print("  %s", u.paint.dim("put aside or copied before:"))
		u.write(u.out, u.rows(rows))
	}
}

// blockTimeline draws what blocks and head cover on a line, with now marked and what lies after it in another colour:
//
//	2026-11-22 14:00 ████████████████▄▄▄▄┆▒▒▒▒▒▒ 2026-11-26 01:00
func (u *UI) blockTimeline(i datadir.Inspection) {
	blocks := slices.DeleteFunc(slices.Clone(i.Blocks), func(b datadir.Block) bool { return b.Err != "" })
	head := i.Head.Samples
	if len(blocks) == 0 && head.Empty() {
		return
	}
	const label = "2006-01-02 15:04"
	low, high := i.Now, i.Now
	if !head.Empty() {
		low, high = min(low, head.Low), max(high, head.High)
	}
	for _, b := range blocks {
		low, high = min(low, b.Min), max(high, b.Max)
	}
	width := max(min(u.width, 110)-2*len(label)-6, 20)
	whole := max(high.Sub(low), time.Hour)
	at := func(t datadir.Instant) int {
		return min(int(float64(width)*float64(t.Sub(low))/float64(whole)), width-1)
	}
	cells, now := slices.Repeat([]string{u.paint.dim("·")}, width), at(i.Now)
	draw := func(from, to datadir.Instant, sign string) {
		for n := at(from); n <= at(to); n++ {
			cells[n] = u.paint.green(sign)
			if n >= now && to > i.Now+1 {
				cells[n] = u.paint.red("▒")
			}
		}
	}
	legend := "┆ now"
	if !head.Empty() {
		draw(head.Low, head.High, "▄")
		legend = "▄ head  " + legend
	}
	if len(blocks) > 0 {
		legend = "█ blocks  " + legend
	}
	for _, b := range blocks {
		draw(b.Min, b.Max-1, "█")
	}
	cells[now] = u.paint.bold("┆")
	if high > i.Now+1 {
		legend += "  ▒ the future"
	}
	u.Print("  %s %s %s", low.Time().Format(label), strings.Join(cells, ""), high.Time().Format(label))
	u.Print("  %s", u.paint.dim(strings.Repeat(" ", len(label)+1)+legend))
}

// DataPlan prints what will be done with a data directory.
func (u *UI) DataPlan(p datadir.Plan) {
	u.Emit("plan", p)
	what := string(p.Action)
	if p.Rung != "" {
		what += ", " + string(p.Rung)
	}
	u.Print("\n%s: %s", u.paint.bold(what), p.Why)
	for n, s := range p.Steps {
		u.Print("  %d. %s", n+1, s)
	}
	for _, l := range p.Losing {
		u.Print("  %s not kept: %s", u.paint.yellow("!"), l)
	}
}

// DataProgress says what is being done.
func (u *UI) DataProgress(p datadir.Progress) {
	u.Emit("progress", p)
	if !u.JSON {
		u.Detail("%s", p.Step)
	}
}

// DataResult prints what was done, with the proof.
func (u *UI) DataResult(r datadir.Result) {
	u.Emit("result", r)
	u.Print("\n%s %s %s", u.paint.green("✓"), string(r.Action), r.ID)
	if k := r.Kept; k != nil {
		u.Print("  written anew and read back: %d samples of %s before, %d after, sums equal; %d lost", k.Before.Samples(), fmt.Sprintf("%d series", k.Before.Series), k.After.Samples(), k.Lost)
		if k.Linked > 0 {
			u.Print("  %s with %d samples are the same files as before", count(k.Linked, "block"), k.LinkedSamples)
		}
		u.Print("  %d samples of the future are left out", r.Dropped)
	}
	if c := r.Copied; c != nil {
		u.Print("  %s with %d samples and %s of logs are the same files as in the directory", count(c.Linked, "block"), c.LinkedSamples, count(c.Logs, "file"))
		if c.Read.Samples() > 0 {
			u.Print("  the head, which the server wrote for it, was read: %d samples of %d series, sum %s", c.Read.Samples(), c.Read.Series, c.Read.Sum)
		}
	}
	if r.Aside != "" {
		what := "what was there"
		if r.Action == datadir.Backup {
			what = "the copy"
		}
		u.Print("  %s: %s", what, r.Aside)
	}
	for _, n := range r.Next {
		u.Print("  %s %s", u.paint.cyan("→"), n)
	}
}

// Type asks for a word on the terminal.
func (u *UI) Type(ctx context.Context, question string) (string, error) {
	typed, err := u.ask(ctx, u.errPaint.bold(question), readLine)
	return strings.TrimSpace(typed), err
}
