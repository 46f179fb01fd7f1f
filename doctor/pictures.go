package doctor

import (
	"cmp"
	"slices"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// Offset is one clock compared with the reference of its fleet.
type Offset struct {
	Name  string // of the host, "this machine", or "host/component" for the clock in a component's own answer
	Known bool
	Off   clock.Interval // the clock minus the reference
	Level Level
	Why   string // it is not known
}

// Offsets gives every host's clock and this machine's, against true time, else the median of the fleet, else this machine's
// clock; against says which. It is empty when clocks were not measured.
func (f Fleet) Offsets() (list []Offset, against string) {
	ref := f.reference()
	against = "true time by " + ref.Source
	if !ref.Known {
		against = "this machine's clock; true time: " + ref.Source
	} else if !ref.Sure {
		against = ref.Source
	}
	add := func(name string, r clock.Reading) {
		o := Offset{Name: name, Known: r.Known, Why: r.Err, Level: Unknown}
		if r.Known {
			o.Off = r.Offset.Minus(ref.Offset)
			o.Level = f.Settings.verdict(o.Off)
		}
		list = append(list, o)
	}
	for _, h := range f.Hosts {
		if h.Clock.Known || h.Clock.Err != "" {
			add(h.Name, h.Clock)
		}
		for _, c := range h.Components {
			if apart, known := differs(c.Clock, h.Clock); known && apart.Outside(f.Settings.OffsetWarn) {
				add(h.Name+"/"+c.Name, c.Clock)
			}
		}
	}
	if len(list) > 0 {
		here := clock.Reading{Known: true}
		add("this machine", here)
	}
	return list, against
}

// Timeline is what a TSDB keeps, as blocks of time.
type Timeline struct {
	Host, Path string
	Now        time.Time
	Blocks     []Span
}

// Span is one block, of samples in [Min, Max).
type Span struct {
	ULID     string
	Min, Max time.Time
}

// Timelines gives the blocks of every TSDB of the fleet that has any, oldest first.
func (f Fleet) Timelines() []Timeline {
	var list []Timeline
	for _, h := range f.Hosts {
		dirs, _, err := h.dataDirs()
		if err != nil {
			continue
		}
		now, _ := server{Host: h, Fleet: f}.now()
		for _, d := range dirs {
			t := Timeline{Host: h.Name, Path: d.Path, Now: now}
			for _, b := range d.Blocks {
				if b.Max.After(b.Min) && !now.IsZero() {
					t.Blocks = append(t.Blocks, Span(b))
				}
			}
			slices.SortStableFunc(t.Blocks, func(a, b Span) int { return cmp.Or(a.Min.Compare(b.Min), a.Max.Compare(b.Max)) })
			if len(t.Blocks) > 0 {
				list = append(list, t)
			}
		}
	}
	return list
}
