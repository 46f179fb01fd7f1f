package runtime

import "time"

// futureTolerance is how far ahead of the clock data may lie: targets that give their own timestamps are seldom exact.
const futureTolerance = 10 * time.Minute

// Future is data that lies ahead of the clock: the newest sample of the head and the ends of such blocks.
type Future struct {
	Head   time.Time            // zero when the head is not ahead
	Blocks map[string]time.Time // end of each block that is ahead, by ULID
}

// Any says whether there is some.
func (f Future) Any() bool { return !f.Head.IsZero() || len(f.Blocks) > 0 }

// future looks at the head and the blocks against the clock, or against true time where it is known.
func (m *Monitor) future() Future {
	now := m.o.Now()
	if reading := m.ntp.Load(); reading != nil {
		now = now.Add(reading.Offset)
	}
	limit := now.Add(futureTolerance).UnixMilli()
	f := Future{Blocks: map[string]time.Time{}}
	if head := m.store.db.Head(); head.NumSeries() > 0 && head.MaxTime() > limit {
		f.Head = time.UnixMilli(head.MaxTime()).UTC()
	}
	for _, b := range m.store.db.BlockMetas() {
		outOfOrder := b.Compaction.FromOutOfOrder() && b.MinTime <= limit // such a block may be cut before its two hours are over
		if b.MaxTime > limit && !outOfOrder {
			f.Blocks[b.ULID.String()] = time.UnixMilli(b.MaxTime).UTC()
		}
	}
	return f
}

// warnOfFuture says at once when stored data would make samples of now refused or hidden.
func (m *Monitor) warnOfFuture() {
	f := m.future()
	if !f.Any() {
		return
	}
	m.log.Error("stored data lies in the future: samples of now are refused or hidden until then. "+
		"Stop monctl and keep the good samples with: monctl data repair --local "+m.o.Data,
		"newest_sample", f.Head, "blocks", len(f.Blocks), "now", m.o.Now().UTC())
}
