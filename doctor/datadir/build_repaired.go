package datadir

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/monctl/monctl/fleet/fault"
)

// buildRepaired writes a directory that holds what the plan keeps, and proves it.
func (x *execution) buildRepaired(ctx context.Context, to string) (*Comparison, int64, error) {
	b := &repaired{execution: x, to: to, before: newSummer(), after: newSummer()}
	steps := []func(context.Context) error{b.blocks, b.others}
	if x.plan.Rung == Rebuild {
		steps = append(steps, b.rebuildHead)
	} else {
		steps = append(steps, b.filterLogs)
	}
	for _, step := range append(steps, b.readBack) {
		if err := step(ctx); err != nil {
			return nil, 0, err
		}
	}
	b.compare()
	if !b.proof.Same() {
		return nil, 0, fault.With(fmt.Errorf("what was written is not what was kept: %s", b.proof.difference()),
			"Nothing was moved. Please report this, with the output of monctl data inspect --json.")
	}
	return &b.proof, b.dropped, nil
}

// repaired is a repaired directory in the making.
type repaired struct {
	*execution
	to            string
	rewritten     []string // folders of blocks that were written anew
	before, after *summer
	proof         Comparison
	dropped       int64
}

// blocks links, rewrites or leaves out, as planned.
func (b *repaired) blocks(ctx context.Context) error {
	for n, p := range b.plan.Blocks {
		b.report(fmt.Sprintf("block %s: %s", p.ULID, p.Do), n, len(b.plan.Blocks))
		from := filepath.Join(b.dir.path, p.ULID)
		var err error
		switch p.Do {
		case LinkBlock:
			err = b.linkBlock(ctx, from, p.ULID)
		case RewriteBlock:
			err = b.rewriteBlock(ctx, from)
		case LeaveBlock:
			b.leaveBlock(from, p.ULID)
		}
		if err != nil {
			return fmt.Errorf("block %s: %w", p.ULID, err)
		}
		b.at("block")
	}
	return nil
}

func (b *repaired) linkBlock(ctx context.Context, from, name string) error {
	if err := b.clone(ctx, from, filepath.Join(b.to, name)); err != nil {
		return err
	}
	seen, err := lookAtBlock(from, name)
	b.proof.Linked++
	b.proof.LinkedSamples += seen.Samples
	return err
}

func (b *repaired) leaveBlock(from, name string) {
	if seen, err := lookAtBlock(from, name); err == nil {
		b.dropped += int64(seen.Samples)
	}
}

// others links what is neither samples nor made anew when Prometheus starts: snapshots that somebody asked for.
func (b *repaired) others(ctx context.Context) error {
	from := filepath.Join(b.dir.path, snapshotsName)
	if !exists(from) {
		return nil
	}
	return b.clone(ctx, from, filepath.Join(b.to, snapshotsName))
}

// filterLogs copies both logs without what is not kept.
func (b *repaired) filterLogs(ctx context.Context) error {
	for _, name := range []string{"wal", "wbl"} {
		if !exists(filepath.Join(b.dir.path, name)) {
			continue
		}
		b.report("log "+name+": copy what is kept", 0, 0)
		b.before.begin(name)
		f := &logFilter{keep: b.plan.Keep, sum: b.before}
		if err := f.copy(ctx, filepath.Join(b.dir.path, name), filepath.Join(b.to, name)); err != nil {
			return err
		}
		b.dropped += f.dropped
		b.at("log")
	}
	return nil
}

// readBack reads again from the disk what was written.
func (b *repaired) readBack(ctx context.Context) error {
	b.report("read back what was written", 0, 0)
	for _, dir := range b.rewritten {
		if err := b.after.block(ctx, dir, b.plan.Keep); err != nil {
			return err
		}
	}
	if b.plan.Rung == Rebuild {
		return nil
	}
	for _, name := range []string{"wal", "wbl"} {
		if err := b.after.log(ctx, filepath.Join(b.to, name), name, b.plan.Keep); err != nil {
			return err
		}
	}
	return nil
}

func (b *repaired) compare() {
	b.proof.Before, b.proof.After = b.before.sums(), b.after.sums()
	b.proof.Lost = max(b.proof.Before.Samples()-b.proof.After.Samples(), 0)
}

func (c Comparison) difference() string {
	return fmt.Sprintf("%d series, %d samples, sum %s before; %d series, %d samples, sum %s after",
		c.Before.Series, c.Before.Samples(), c.Before.Sum, c.After.Series, c.After.Samples(), c.After.Sum)
}
