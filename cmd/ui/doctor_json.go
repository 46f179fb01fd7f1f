package ui

import (
	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/clock"
)

// clockRecord is one clock of --json. Offsets are in seconds; the truth is within offset ± bound.
type clockRecord struct {
	Host   string  `json:"host,omitempty"` // "" is this machine
	Known  bool    `json:"known"`
	Offset float64 `json:"offset_seconds"`
	Bound  float64 `json:"bound_seconds"`
	To     string  `json:"to"` // "true time", or "this machine"
	Reader string  `json:"reader,omitempty"`
	Error  string  `json:"error,omitempty"`
}

func (u *UI) doctorJSON(f doctor.Fleet, r doctor.Report) {
	u.clocksJSON(f)
	for _, x := range r.Results {
		u.Emit("result", map[string]any{"check": x.Check, "host": x.Host, "level": x.Level})
	}
	for _, found := range r.Findings {
		u.Emit("finding", found)
	}
}

func (u *UI) clocksJSON(f doctor.Fleet) {
	zero, to := clock.Interval{}, "this machine"
	if f.Truth.Known {
		zero, to = f.Truth.Offset, "true time"
		v, b := clock.Interval{}.Minus(zero).Seconds()
		u.Emit("clock", clockRecord{Known: true, Offset: v, Bound: b, To: to, Reader: f.Truth.Source})
	}
	for _, h := range f.Hosts {
		if !h.Clock.Known && h.Clock.Err == "" {
			continue // was not measured
		}
		c := clockRecord{Host: h.Name, Known: h.Clock.Known, To: to, Reader: h.Clock.Reader, Error: h.Clock.Err}
		if h.Clock.Known {
			c.Offset, c.Bound = h.Clock.Offset.Minus(zero).Seconds()
		}
		u.Emit("clock", c)
	}
}
