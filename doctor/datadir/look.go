package datadir

import (
	"context"
	"fmt"
)

// look fills an inspection with what is seen.
func look(ctx context.Context, d Dir, o InspectOptions, i *Inspection) error {
	if err := d.check(); err != nil {
		return err
	}
	if err := lookAtOperations(d, i); err != nil {
		return err
	}
	if d.Missing() {
		return nil
	}
	files, err := lookAtDisk(d, i)
	if err != nil {
		return err
	}
	if i.Holders, err = holders(d, files); err != nil {
		return err
	}
	if d.kind != Prometheus {
		return nil
	}
	return lookIntoTSDB(ctx, d, o, i)
}

// lookIntoTSDB reads blocks, chunks of the head, and logs, in the order in which one needs the other.
func lookIntoTSDB(ctx context.Context, d Dir, o InspectOptions, i *Inspection) error {
	if err := lookAtBlocks(d, i); err != nil {
		return err
	}
	lookAtRetention(o, i)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	h := newHeadLook(i)
	if err := h.chunks(ctx, d, i); err != nil {
		return fmt.Errorf("%s: chunks_head: %w", d.path, err)
	}
	if err := h.log(ctx, d, "wal", &i.WAL); err != nil {
		return fmt.Errorf("%s: wal: %w", d.path, err)
	}
	if err := h.log(ctx, d, "wbl", &i.WBL); err != nil {
		return fmt.Errorf("%s: wbl: %w", d.path, err)
	}
	h.finish(i)
	return nil
}

func lookAtOperations(d Dir, i *Inspection) error {
	ops, err := operations(d)
	i.Aside = ops
	for n := range ops {
		if ops[n].State.open() {
			i.Open = &ops[n]
		}
	}
	return err
}
