package datadir

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The limits that Prometheus itself has, and how exact we are.
const (
	// scrapeAhead is how far ahead of its clock a scraped sample may be (scrape/scrape.go maxAheadTime): so much future is no damage.
	scrapeAhead = 10 * time.Minute
	// noise is what clocks that are well may differ by.
	noise = time.Second
)

// ahead is how far the newest sample that counts is after now: of the head, of out-of-order samples, and of blocks. Negative when
// everything is past.
func (i Inspection) ahead() time.Duration {
	newest := Forever
	for _, r := range []Range{i.Head.Samples, i.WAL.Times, i.WBL.Times} {
		if !r.Empty() {
			newest = max(newest, r.High)
		}
	}
	if i.WAL.Samples == 0 && !i.Chunks.Times.Empty() {
		newest = max(newest, i.Chunks.Times.High)
	}
	for _, b := range i.Blocks {
		if b.Err == "" && b.Future == Outside {
			newest = max(newest, b.Max)
		}
	}
	if newest == Forever {
		return -time.Second
	}
	return newest.Sub(i.Now)
}

// futureBlocks says whether a whole block lies in the future.
func (i Inspection) futureBlocks() bool {
	return slices.ContainsFunc(i.Blocks, func(b Block) bool { return b.Err == "" && b.Future == Outside })
}

// refused is how long samples of now are still out of bounds; 0 when they are taken.
func (i Inspection) refused() time.Duration {
	if !i.Head.Known || i.Head.RefusesBefore <= i.Now {
		return 0
	}
	return i.Head.RefusesBefore.Sub(i.Now)
}

// damage lists what cannot be read; what a killed process leaves at the end of a log is none.
func (i Inspection) damage() []Damage {
	var list []Damage
	for _, d := range slices.Concat(i.WAL.Damage, i.WBL.Damage, i.Chunks.Damage) {
		if !d.Tail {
			list = append(list, d)
		}
	}
	for _, b := range i.Blocks {
		if b.Err != "" {
			list = append(list, Damage{File: b.ULID, Err: b.Err, Newer: strings.Contains(b.Err, errNewerFormat.Error())})
		}
	}
	return list
}

// newer says what only a later version can have written.
func (i Inspection) newer() []string {
	var list []string
	for _, d := range i.damage() {
		if d.Newer {
			list = append(list, d.File+": "+d.Err)
		}
	}
	for name, l := range map[string]Log{"wal": i.WAL, "wbl": i.WBL} {
		for number, n := range l.Unknown {
			list = append(list, fmt.Sprintf("%s: %d records of the unknown type %s", name, n, number))
		}
	}
	slices.Sort(list)
	return list
}

// doesNotStart says why Prometheus cannot open the directory at all; "" when it can.
func (i Inspection) doesNotStart() string {
	for _, d := range i.WAL.Damage {
		switch {
		case strings.Contains(d.File, "checkpoint."):
			return "the checkpoint of the log is damaged"
		case d.gap():
			return "a segment of the log is missing"
		}
	}
	for _, d := range i.Chunks.Damage {
		if d.gap() {
			return "a file of chunks_head is missing"
		}
	}
	for _, b := range i.Blocks {
		if b.Err != "" && b.Bytes > 0 {
			return "block " + b.ULID + " is damaged"
		}
	}
	return ""
}

// judge draws the conclusions of an inspection: problems, verdict and advice.
func judge(i *Inspection) {
	i.addProblems()
	if len(i.Retain.Deletes) > 0 {
		i.advise("Stop Prometheus now: time retention counts back from block %s of the future, and deletes %s of good samples at the next reload.",
			i.Retain.Because, plural(len(i.Retain.Deletes), "block"))
	}
	switch {
	case i.Open != nil:
		i.Verdict = Interrupted
		i.advise("%s of %s was interrupted: run it again to finish it, or take it back: monctl data restore", i.Open.Action, i.Open.Began)
	case i.Missing:
		i.Verdict = Interrupted
		i.advise("Somebody removed it, and what was put aside before is still there: monctl data restore")
	case len(i.newer()) > 0:
		i.Verdict = Newer
		i.advise("It was written by a version that this monctl does not know, and is left alone. Use a newer monctl.")
	case i.Kind != Prometheus:
		i.Verdict = Healthy
	case len(i.damage()) > 0 || i.WAL.Behind > 0:
		i.Verdict = Corrupt
		i.advise("monctl data repair keeps all that can be read. Do it before the next start of Prometheus, which cuts the log at the damage.")
	case i.refused() > 0 || i.ahead() > scrapeAhead || i.futureBlocks():
		i.Verdict = Refusing
		i.adviseRefusing()
	case i.ahead() > noise+i.Truth.Bound:
		i.Verdict = Ahead
		i.advise("Wait %s: then the clock has passed the newest sample.", i.ahead().Round(time.Second))
	default:
		i.Verdict = Healthy
	}
}

func (i *Inspection) adviseRefusing() {
	if !i.Truth.Known {
		i.advise("First be sure of the time: monctl doctor time-drift")
	} else if i.clockWrong() {
		i.advise("This machine's clock is wrong by %s. Cure that first: monctl doctor --fix", (-i.Truth.Offset).Round(time.Millisecond))
		return
	}
	i.advise("monctl data repair keeps the good samples. A plain restart, the delete API and deleting files by hand do not help; some lose data.")
}

func (i *Inspection) advise(format string, args ...any) {
	i.Advice = append(i.Advice, fmt.Sprintf(format, args...))
}

// clockLimit is how wrong the clock may be for a repair: what lies in the future is then known well enough.
const clockLimit = 10 * time.Second

// clockWrong says that this machine's clock is certainly further from true time than a repair allows.
func (i Inspection) clockWrong() bool {
	off := i.Truth.Offset.Abs()
	return i.Truth.Known && off-i.Truth.Bound > clockLimit
}

func (i *Inspection) addProblems() {
	add := func(where, format string, args ...any) {
		i.Problems = append(i.Problems, Problem{What: fmt.Sprintf(format, args...), Where: where})
	}
	if i.Missing {
		add(i.Path, "nothing is in its place")
	}
	for _, o := range i.Aside {
		if o.State == unreadable {
			add(o.Folder, "its manifest cannot be read, so it is left alone")
		}
	}
	for _, d := range i.damage() {
		add(d.File, "%s", atOffset(d))
	}
	for _, what := range i.newer() {
		where, text, _ := strings.Cut(what, ": ")
		add(where, "%s", text)
	}
	if why := i.doesNotStart(); why != "" {
		add(i.Path, "Prometheus does not start on it: %s", why)
	}
	if i.WAL.Behind > 0 {
		add("wal", "%s of the head's chunks are not in the log: it was cut before", plural64(i.WAL.Behind, "sample"))
	}
	if n := i.WAL.Lost + i.WBL.Lost; n > 0 {
		add("wal", "%s belong to series whose names are not in the log; Prometheus ignores them", plural64(n, "sample"))
	}
	if len(i.Holders) > 1 {
		add(i.Path, "%d processes use it at once: %s", len(i.Holders), commands(i.Holders))
	}
	if i.Disk.ReadOnly {
		add(i.Path, "the file system is read-only")
	}
	if i.Disk.Network {
		add(i.Path, "it lies on %s, where locks may not work; Prometheus does not support that", i.Disk.Type)
	}
	if len(i.Left) > 0 {
		add(i.Path, "%s of a compaction that died: %s; Prometheus removes them when it starts", plural(len(i.Left), "remain"), listed(slices.Clone(i.Left)))
	}
}

func atOffset(d Damage) string {
	if d.Offset > 0 {
		return fmt.Sprintf("%s (at %d)", d.Err, d.Offset)
	}
	return d.Err
}

func commands(list []Holder) string {
	var words []string
	for _, h := range list {
		words = append(words, fmt.Sprintf("%s (process %d)", h.Command, h.PID))
	}
	return strings.Join(words, ", ")
}

func plural(n int, noun string) string { return plural64(int64(n), noun) }

func plural64(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
