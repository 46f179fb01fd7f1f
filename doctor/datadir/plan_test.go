package datadir

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/fleet/fault"
)

// noon is now in the tables.
var noon = At(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))

// seen is a directory in good order; change makes it something else.
func seen(change func(i *Inspection)) Inspection {
	i := Inspection{
		Path: "/data/metrics", Kind: Prometheus, Clock: noon, Now: noon, Truth: known, WAL: newLog(), WBL: newLog(),
		Blocks: []Block{{ULID: "A", Min: noon.Add(-4 * time.Hour), Max: noon.Add(-2 * time.Hour), Future: Past, Bytes: 10}},
		Head:   Head{Known: true, Samples: Range{noon.Add(-2 * time.Hour), noon.Add(-15 * time.Second)}, RefusesBefore: noon.Add(-time.Hour)},
	}
	i.Chunks.Times = nothing()
	i.WAL.Samples, i.WAL.Times = 100, i.Head.Samples
	if change != nil {
		change(&i)
	}
	judge(&i)
	return i
}

// ahead puts the newest sample into the future.
func ahead(by time.Duration) func(i *Inspection) {
	return func(i *Inspection) {
		i.WAL.Times.High, i.Head.Samples.High = noon.Add(by), noon.Add(by)
		i.Head.RefusesBefore = noon.Add(by - time.Hour)
		i.WAL.Future = 7
	}
}

func futureBlock(i *Inspection) {
	ahead(9 * time.Hour)(i)
	i.Blocks = append(i.Blocks,
		Block{ULID: "B", Min: noon.Add(-2 * time.Hour), Max: noon.Add(time.Hour), Future: Straddle, Bytes: 20},
		Block{ULID: "C", Min: noon.Add(8 * time.Hour), Max: noon.Add(10 * time.Hour), Future: Outside, Bytes: 30})
}

// TestLadder is the decision table of failures.md B3.
func TestLadder(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(i *Inspection)
		o       RepairOptions
		verdict Verdict
		rung    Rung
		wait    time.Duration
		window  time.Duration
	}{
		{"in good order", nil, RepairOptions{}, Healthy, Nothing, 0, 0},
		{"in good order, but the process is stuck", nil, RepairOptions{Stuck: true}, Healthy, Restart, 0, 0},
		{"a little ahead", ahead(4 * time.Minute), RepairOptions{}, Ahead, Wait, 4 * time.Minute, 0},
		{"a little ahead and in a hurry", ahead(4 * time.Minute), RepairOptions{Patience: time.Minute}, Ahead, Rewrite, 0, 0},
		{"half an hour ahead", ahead(30 * time.Minute), RepairOptions{WindowKnown: true}, Refusing, Rewrite, 0, 0},
		{"half an hour ahead, no downtime", ahead(30 * time.Minute), RepairOptions{WindowKnown: true, NoDowntime: true}, Refusing, Window, 90 * time.Minute, time.Hour},
		{"no downtime, before 2.39", ahead(30 * time.Minute), RepairOptions{NoDowntime: true}, Refusing, Rewrite, 0, 0},
		{"12 hours, no downtime", ahead(12 * time.Hour), RepairOptions{WindowKnown: true, NoDowntime: true}, Refusing, Window, 13 * time.Hour, 12*time.Hour + 30*time.Minute},
		{"more than 12 hours, no downtime", ahead(12*time.Hour + time.Second), RepairOptions{WindowKnown: true, NoDowntime: true}, Refusing, Rewrite, 0, 0},
		{"blocks in the future, no downtime", futureBlock, RepairOptions{WindowKnown: true, NoDowntime: true}, Refusing, Rewrite, 0, 0},
		{"a block that ends after now", func(i *Inspection) {
			i.Blocks = append(i.Blocks, Block{ULID: "B", Min: noon.Add(-time.Hour), Max: noon.Add(time.Hour), Future: Straddle})
			i.Head.RefusesBefore = noon.Add(time.Hour)
		}, RepairOptions{}, Refusing, Rewrite, 0, 0},
		{"a damaged log", func(i *Inspection) { i.WAL.Damage = []Damage{{File: "wal/00000001", Err: "unexpected checksum"}} }, RepairOptions{}, Corrupt, Rebuild, 0, 0},
		{"half a record at its end", func(i *Inspection) { i.WAL.Damage = []Damage{{File: "wal/00000001", Err: "torn", Tail: true}} }, RepairOptions{}, Healthy, Nothing, 0, 0},
		{"a log that was cut", func(i *Inspection) { i.WAL.Behind = 3 }, RepairOptions{}, Corrupt, Rebuild, 0, 0},
		{"a damaged block", func(i *Inspection) { i.Blocks[0].Err = "index: 3 bytes are no index" }, RepairOptions{}, Corrupt, Rewrite, 0, 0},
		{"damaged chunks of the head", func(i *Inspection) { i.Chunks.Damage = []Damage{{File: "chunks_head/000001", Err: "checksum"}} }, RepairOptions{}, Corrupt, Rewrite, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := seen(c.change)
			if i.Verdict != c.verdict {
				t.Errorf("verdict %s, want %s", i.Verdict, c.verdict)
			}
			p, err := PlanRepair(i, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if p.Rung != c.rung || p.Wait != c.wait || p.Window != c.window {
				t.Errorf("%s, wait %s, window %s, want %s, %s, %s: %s", p.Rung, p.Wait, p.Window, c.rung, c.wait, c.window, p.Why)
			}
			if p.Changes() != (c.rung == Rewrite || c.rung == Rebuild) {
				t.Errorf("changes: %t", p.Changes())
			}
		})
	}
}

func TestBlocksOfPlan(t *testing.T) {
	p, err := PlanRepair(seen(futureBlock), RepairOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range p.Blocks {
		got = append(got, b.ULID+" "+string(b.Do))
	}
	if diff := cmp.Diff([]string{"A link", "B rewrite", "C leave out"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestRepairRefused lists when nothing may be repaired.
func TestRepairRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(i *Inspection)
	}{
		{"time unknown", "the true time is not known", func(i *Inspection) { i.Truth = Truth{Source: "none of 5 NTP servers answers"} }},
		{"clock wrong", "this machine's clock is still wrong by 9h0m0s", func(i *Inspection) { i.Truth.Offset = -9 * time.Hour }},
		{"clock slow", "this machine's clock is still wrong by -1m0s", func(i *Inspection) { i.Truth.Offset = time.Minute }},
		{"time hardly known", "only known within", func(i *Inspection) { i.Truth.Bound = time.Minute }},
		{"unknown records", "wal: 3 records of the unknown type 42", func(i *Inspection) { i.WAL.Unknown["42"] = 3 }},
		{"a newer block", "version 2: written by a newer version", func(i *Inspection) {
			i.Blocks[0].Err = "meta.json: version 2: " + errNewerFormat.Error()
		}},
		{"another operation", "reset of 2026-11-25T12:00:00.000Z was interrupted", func(i *Inspection) {
			i.Open = &Operation{Action: Reset, State: Building, Began: noon}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := seen(func(i *Inspection) { futureBlock(i); c.change(i) })
			_, err := PlanRepair(i, RepairOptions{})
			if err == nil || !strings.Contains(err.Error(), c.want) || fault.KindOf(err) != fault.Refused || fault.Remedy(err) == "" {
				t.Errorf("error %v (remedy %q), want a refusal with %q", err, fault.Remedy(err), c.want)
			}
		})
	}
}

// TestRetentionTrap finds the good blocks that go because of one of the future, and only these.
func TestRetentionTrap(t *testing.T) {
	i := seen(futureBlock)
	i.Blocks = append(i.Blocks, Block{ULID: "OLD", Min: noon.Add(-30 * time.Hour), Max: noon.Add(-28 * time.Hour), Future: Past})
	lookAtRetention(InspectOptions{Retention: 12 * time.Hour}, &i)
	if diff := cmp.Diff(Retention{Time: 12 * time.Hour, Deletes: []string{"A"}, Because: "C"}, i.Retain); diff != "" {
		t.Error(diff)
	}
	i.Retain = Retention{}
	lookAtRetention(InspectOptions{Retention: 24 * time.Hour}, &i)
	if len(i.Retain.Deletes) != 0 {
		t.Errorf("%+v", i.Retain)
	}
}

// TestNoFolkRemedies reads all that is ever advised.
func TestNoFolkRemedies(t *testing.T) {
	var said []string
	for _, change := range []func(*Inspection){nil, ahead(time.Minute), ahead(time.Hour), futureBlock, func(i *Inspection) { i.WAL.Behind = 1 }} {
		i := seen(change)
		p, err := PlanRepair(i, RepairOptions{})
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, slices.Concat(i.Advice, p.Steps, p.Losing, []string{p.Why})...)
	}
	for _, s := range said {
		for _, bad := range []string{"rm -", "rm wal", "delete_series", "clean_tombstones", "promtool tsdb repair", "remove the WAL", "delete the block"} {
			if strings.Contains(s, bad) {
				t.Errorf("%q advises %q", s, bad)
			}
		}
	}
}

func TestInstant(t *testing.T) {
	for _, i := range []Instant{0, noon, noon + 1, Never, Forever, math.MaxInt64 / 2} {
		body, err := json.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		var back Instant
		if err := json.Unmarshal(body, &back); err != nil || back != i {
			t.Errorf("%s became %d: %v", body, back, err)
		}
	}
	if d := Never.Sub(Forever); d != math.MaxInt64 {
		t.Errorf("the longest time is %d", d)
	}
	if d := noon.Add(time.Hour).Sub(noon); d != time.Hour {
		t.Errorf("an hour is %s", d)
	}
}

// TestInspectionTravels shows that what a host says arrives as it was.
func TestInspectionTravels(t *testing.T) {
	i := seen(futureBlock)
	body, err := json.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	var back Inspection
	if err := json.Unmarshal(body, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(i, back); diff != "" {
		t.Error(diff)
	}
}
