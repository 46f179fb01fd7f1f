package datadir

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet/fault"
)

const (
	// DefaultPatience is the longest wait that is preferred to writing the directory anew; also how far ahead a sample may be by
	// Prometheus' own rules.
	DefaultPatience = scrapeAhead
	// mostWindow is the largest out-of-order window that is proposed: with more, memory and the log of out-of-order samples grow until
	// now has passed the head, and no block is written for so long (failures.md B15; the 12 hours are a judgement).
	mostWindow = 12 * time.Hour
	// windowSpare is added to a window, for the time until it is in force and slow targets.
	windowSpare = 30 * time.Minute
)

// PlanRepair decides the least destructive step that makes the directory take samples of now (failures.md B3). It is pure. It refuses
// while the true time is not known or this machine's clock is wrong, and what a later version wrote.
func PlanRepair(i Inspection, o RepairOptions) (Plan, error) {
	p := Plan{Action: Repair, Dir: i.Path, Kind: i.Kind, Owner: i.Owner, Keep: Range{Forever, i.Now.Add(i.Truth.Bound)}}
	if resumed, err := resume(i, &p); resumed || err != nil {
		return p, err
	}
	if i.Kind != Prometheus {
		return p, fault.Misuse(fmt.Errorf("data of %s cannot be repaired", i.Kind), "It can be backed up, reset and restored.")
	}
	if newer := i.newer(); len(newer) > 0 {
		return p, fault.Refuse(fmt.Errorf("it was written by a newer version: %s", strings.Join(newer, "; ")),
			"What is not understood might be lost. Use a newer monctl.")
	}
	if err := clockKnown(i); err != nil {
		return p, err
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	p.Rung, p.Why = rung(i, o)
	switch p.Rung {
	case Wait:
		p.Wait = max(i.ahead(), i.refused())
	case Window:
		p.Window = (max(i.ahead(), i.refused()) + windowSpare).Round(time.Minute)
		p.Wait = max(i.ahead(), i.refused()) + headRange/2
	case Rewrite, Rebuild:
		planBlocks(i, &p)
		p.Needs = needs(i, p)
	}
	p.Steps = repairSteps(i, p)
	return p, nil
}

// clockKnown refuses while nobody knows what the future is.
func clockKnown(i Inspection) error {
	switch {
	case !i.Truth.Known:
		return fault.Refuse(fmt.Errorf("the true time is not known (%s), so nobody knows what lies in the future", i.Truth.Source),
			"Name NTP servers that answer: --ntp SERVER. Or look: monctl doctor time-drift")
	case i.clockWrong():
		return fault.Refuse(fmt.Errorf("this machine's clock is still wrong by %s (%s): what it writes now would be wrong again",
			(-i.Truth.Offset).Round(time.Millisecond), i.Truth.Source), "Cure the clock first: monctl doctor --fix --only 'clock/*'")
	case i.Truth.Bound > clockLimit:
		return fault.Refuse(fmt.Errorf("the true time is only known within ± %s", i.Truth.Bound), "Name NTP servers that are near: --ntp SERVER")
	}
	return nil
}

// rung climbs the ladder.
func rung(i Inspection, o RepairOptions) (Rung, string) {
	ahead, refused := i.ahead(), i.refused()
	far := max(ahead, refused)
	switch {
	case i.saveChunks():
		return Rebuild, "the log is damaged; what blocks, the head's chunks and the rest of the log hold is kept"
	case len(i.damage()) > 0:
		return Rewrite, "some files cannot be read; all that can is kept"
	case far <= noise+i.Truth.Bound && o.Stuck:
		return Restart, "the data takes samples of now, the process does not: its scrapes still wait for the time that was wrong"
	case far <= noise+i.Truth.Bound && !i.futureBlocks():
		return Nothing, "samples of now are taken, and nothing lies in the future"
	case far <= o.Patience && !i.futureBlocks():
		return Wait, fmt.Sprintf("the newest sample is only %s ahead", far.Round(time.Second))
	case o.NoDowntime && o.WindowKnown && far <= mostWindow && !i.futureBlocks():
		return Window, fmt.Sprintf("the newest sample is %s ahead and no block lies in the future; samples of the future stay in the data", far.Round(time.Second))
	}
	return Rewrite, whyRewrite(i)
}

// saveChunks says that the log alone does not hold all that the head does.
func (i Inspection) saveChunks() bool {
	if i.WAL.Behind > 0 {
		return true
	}
	for _, l := range []Log{i.WAL, i.WBL} {
		for _, d := range l.Damage {
			if !d.Tail {
				return true
			}
		}
	}
	return false
}

func whyRewrite(i Inspection) string {
	var words []string
	if n := i.WAL.Future + i.WBL.Future; n > 0 {
		words = append(words, plural64(n, "sample")+" of the future in the log")
	}
	blocks := 0
	for _, b := range i.Blocks {
		if b.Future != Past {
			blocks++
		}
	}
	if blocks > 0 {
		words = append(words, endsInFuture(blocks))
	}
	return fmt.Sprintf("samples before %s are refused: %s", i.Head.RefusesBefore, strings.Join(words, ", "))
}

func endsInFuture(blocks int) string {
	if blocks == 1 {
		return "1 block that ends in the future"
	}
	return plural(blocks, "block") + " that end in the future"
}

// planBlocks decides for each block.
func planBlocks(i Inspection, p *Plan) {
	for _, b := range i.Blocks {
		bp := BlockPlan{ULID: b.ULID, Do: LinkBlock, Why: "all of it is past"}
		switch {
		case b.Err != "":
			bp.Do, bp.Why = LeaveBlock, b.Err
			p.Losing = append(p.Losing, fmt.Sprintf("block %s cannot be read (%s); it stays in what is put aside", b.ULID, b.Err))
		case b.Min > p.Keep.High:
			bp.Do, bp.Why = LeaveBlock, "all of it lies in the future"
		case b.Max > p.Keep.High+1:
			bp.Do, bp.Why = RewriteBlock, "it reaches into the future"
		}
		p.Blocks = append(p.Blocks, bp)
	}
	if p.Rung == Rebuild {
		p.Losing = append(p.Losing, "exemplars and metadata of the head")
	}
}

// needs is what a repair may take: what is written anew, not what is linked.
func needs(i Inspection, p Plan) int64 {
	n := i.WAL.Bytes + i.WBL.Bytes
	if p.Rung == Rebuild {
		n = 2*n + 2*i.Chunks.Bytes
	}
	for k, b := range i.Blocks {
		if p.Blocks[k].Do == RewriteBlock {
			n += b.Bytes
		}
	}
	return n + n/20 + chunkFile + 16<<20
}

func repairSteps(i Inspection, p Plan) []string {
	switch p.Rung {
	case Restart:
		return []string{"restart Prometheus"}
	case Wait:
		return []string{fmt.Sprintf("wait until %s; nothing is changed", i.Now.Add(p.Wait))}
	case Window:
		return []string{
			fmt.Sprintf("set storage.tsdb.out_of_order_time_window to %s in prometheus.yml and restart Prometheus", inMinutes(p.Window)),
			fmt.Sprintf("take it out again after %s", i.Now.Add(p.Wait)),
		}
	case Nothing:
		return nil
	}
	count := map[BlockDo]int{}
	for _, b := range p.Blocks {
		count[b.Do]++
	}
	steps := []string{"prove that nobody uses " + i.Path}
	blocks := fmt.Sprintf("link %s", plural(count[LinkBlock], "block"))
	if n := count[RewriteBlock]; n > 0 {
		blocks += fmt.Sprintf(", write %d anew without the future", n)
	}
	if n := count[LeaveBlock]; n > 0 {
		blocks += fmt.Sprintf(", leave out %d", n)
	}
	log := "copy the log without samples after " + p.Keep.High.String()
	if p.Rung == Rebuild {
		log = "make blocks of the head: of what can be read of the log, and of its chunks"
	}
	return append(steps, blocks, log, "count and compare what was kept", "rename the old directory aside and the new one into its place")
}

func inMinutes(d time.Duration) string { return fmt.Sprintf("%dm", int(d.Minutes())) }

// resume looks whether an interrupted operation has to be dealt with first. It is true when that is the whole plan.
func resume(i Inspection, p *Plan) (bool, error) {
	switch {
	case i.Open == nil && i.Missing && p.Action != Restore:
		return false, fault.Refuse(fmt.Errorf("%s does not exist", i.Path), "Bring back what was put aside: monctl data restore")
	case i.Open == nil:
		return false, nil
	}
	if i.Open.Action != p.Action {
		return false, fault.Refuse(fmt.Errorf("%s of %s was interrupted", i.Open.Action, i.Open.Began),
			"Finish it by running it again, or take it back: monctl data restore")
	}
	p.Resume = i.Open.ID
	if i.Open.State == Building {
		return false, nil // nothing has moved: it is planned and built again, under the same ID
	}
	resumed := *p
	*p = i.Open.Plan
	p.Resume, p.Why = resumed.Resume, fmt.Sprintf("%s of %s was interrupted and goes on", i.Open.Action, i.Open.Began)
	p.Steps = []string{"finish the renames"}
	return true, nil
}

var errNothingToRestore = errors.New("there is nothing that can be restored")
