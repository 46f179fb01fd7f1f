package doctor

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// reference is what the clocks of a fleet are judged against.
type reference struct {
	Offset clock.Interval // true time minus this machine's clock
	Source string         // "3 of 4 NTP servers"
	Sure   bool           // NTP says so; otherwise it is only what most clocks of the fleet say
	Known  bool
}

// reference is NTP's time, else the median of the fleet's clocks and this machine's, of which there must be three.
func (f Fleet) reference() reference {
	if f.Truth.Known {
		return reference{Offset: f.Truth.Offset, Source: f.Truth.Source, Sure: true, Known: true}
	}
	clocks := []clock.Interval{{}} // this machine's
	for _, h := range f.Hosts {
		if h.Clock.Known {
			clocks = append(clocks, h.Clock.Offset)
		}
	}
	if len(clocks) < 3 {
		return reference{Source: "nobody: " + f.Truth.Source + ", and " + strconv.Itoa(len(clocks)) + " clocks make no majority"}
	}
	slices.SortFunc(clocks, func(a, b clock.Interval) int { return int(min(max(a.Value()-b.Value(), -1), 1)) })
	middle := clocks[(len(clocks)-1)/2]
	near := 0
	for _, c := range clocks {
		if !c.Minus(middle).Outside(time.Second) {
			near++
		}
	}
	if 2*near <= len(clocks) {
		return reference{Source: fmt.Sprintf("nobody: %s, and no majority of %d clocks agrees", f.Truth.Source, len(clocks))}
	}
	return reference{Offset: middle, Known: true, Source: fmt.Sprintf("the median of %d clocks of this fleet; %s", len(clocks), f.Truth.Source)}
}

// TruthOf is what is known of a host's clock: the Offset is true time minus that clock. Where nobody but this machine's clock
// can be compared with, that is the Source, and the Offset is to this machine.
func (f Fleet) TruthOf(h Host) clock.Truth {
	ref := f.reference()
	if !ref.Known {
		ref.Source = "this machine's clock alone; " + f.Truth.Source
	}
	return clock.Truth{Known: h.Clock.Known, Offset: ref.Offset.Minus(h.Clock.Offset), Source: ref.Source, Servers: f.Truth.Servers}
}

// verdict is how bad an offset is, as far as its bound allows to say.
func (s Settings) verdict(off clock.Interval) Level {
	switch {
	case off.Outside(s.OffsetFail):
		return Fail
	case off.Inside(s.OffsetWarn):
		if off.Outside(s.OffsetNote) {
			return Note
		}
		return OK
	case off.Outside(s.OffsetWarn):
		return Warn
	}
	return Unknown // the bound reaches over the threshold
}

// ahead says an offset in words: "31768.012 s ahead".
func ahead(off clock.Interval) string {
	v, word := off.Value(), "ahead"
	if v < 0 {
		v, word = -v, "behind"
	}
	return spell(v, off.Bound()) + " " + word
}

// apartFrom is ahead, as the begin of a comparison: "31768.012 s ahead of", "5 s behind".
func apartFrom(off clock.Interval) string {
	text := ahead(off)
	if off.Value() >= 0 {
		text += " of"
	}
	return text
}

// spell writes a time in seconds with as many decimals as its bound is worth.
func spell(d, bound time.Duration) string {
	decimals := 0
	for b := bound.Seconds(); b < 0.5 && decimals < 3; b *= 10 {
		decimals++
	}
	return strconv.FormatFloat(d.Seconds(), 'f', decimals, 64) + " s"
}

// zoneOf tells an offset that is a time zone's: local time was written into a clock that keeps UTC. Zones are whole
// quarters of an hour from -12 h to +14 h (tz database); a minute is allowed for what the clock drifted.
func zoneOf(off clock.Interval) (zone time.Duration, ok bool) {
	const quarter, near = 15 * time.Minute, time.Minute
	zone = time.Duration(math.Round(float64(off.Value())/float64(quarter))) * quarter
	return zone, zone != 0 && zone >= -12*time.Hour && zone <= 14*time.Hour && (off.Value()-zone).Abs() <= near && inUse[zone]
}

// inUse are the zone offsets that the tz database has in use today.
var inUse = func() map[time.Duration]bool {
	used := map[time.Duration]bool{}
	for h := -12; h <= 14; h++ {
		used[time.Duration(h)*time.Hour] = true
	}
	for _, minutes := range []int{-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765} {
		used[time.Duration(minutes)*time.Minute] = true
	}
	return used
}()

// zoneName is "UTC+9" with the names people know where there are some.
func zoneName(zone time.Duration) string {
	names := map[time.Duration]string{
		9 * time.Hour: "KST, JST", 8 * time.Hour: "China, Singapore", 5*time.Hour + 30*time.Minute: "IST", time.Hour: "CET", 2 * time.Hour: "CEST, EET",
		-5 * time.Hour: "EST", -4 * time.Hour: "EDT", -8 * time.Hour: "PST", -7 * time.Hour: "PDT, MST", -6 * time.Hour: "CST", 3 * time.Hour: "MSK",
	}
	text := fmt.Sprintf("UTC%+d", int(zone.Hours()))
	if m := int(zone.Abs().Minutes()) % 60; m != 0 {
		text += fmt.Sprintf(":%02d", m)
	}
	if n := names[zone]; n != "" {
		text += " (" + n + ")"
	}
	return text
}

// offsetEvidence is an offset as evidence.
func offsetEvidence(what string, off clock.Interval) Evidence {
	v, b := off.Seconds()
	return Measured(what, v, b, "s")
}
