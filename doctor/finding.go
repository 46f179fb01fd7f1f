package doctor

import (
	"fmt"
	"strconv"
	"time"
)

// Level says how bad a finding is.
type Level int

// The levels. Unknown is never ok: it says that nobody could tell.
const (
	OK Level = iota
	Note
	Unknown
	Warn
	Fail
)

var levelWords = []string{"ok", "note", "unknown", "warn", "fail"}

// String gives "ok", "note", "unknown", "warn" or "fail".
func (l Level) String() string {
	if l < 0 || int(l) >= len(levelWords) {
		return "level " + strconv.Itoa(int(l))
	}
	return levelWords[l]
}

// MarshalText gives the same words to JSON.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (l *Level) UnmarshalText(b []byte) error {
	for i, w := range levelWords {
		if w == string(b) {
			*l = Level(i)
			return nil
		}
	}
	return fmt.Errorf("level %q: not known", b)
}

// Finding is something that is not well, or that nobody can tell.
type Finding struct {
	Check     string     `json:"check"`
	Host      string     `json:"host,omitempty"`      // "" is the fleet, or this machine
	Component string     `json:"component,omitempty"` // Component.Name, when it is about one
	Level     Level      `json:"level"`
	Title     string     `json:"title"` // one line, lower case, without the host: "the clock is 31768 s ahead"
	Evidence  []Evidence `json:"evidence,omitempty"`
	Cause     string     `json:"cause,omitempty"` // one or two sentences
	Fix       string     `json:"fix,omitempty"`   // a command, or a sentence when there is none
	Since     time.Time  `json:"since,omitzero"`  // true time; zero is not known
	// Concerns names other hosts that the finding depends on: the host of a target. A cause there mutes it, too.
	Concerns []string `json:"concerns,omitempty"`
	// About is the address, "host:port", of the one target that it is about. Findings about two different ones do not explain
	// each other.
	About string `json:"about,omitempty"`
	// MutedBy is the finding that is its cause, as "CHECK HOST"; "" for a cause.
	MutedBy string `json:"muted_by,omitempty"`
	// Slight findings explain others, but none that is worse: an offset of 2 s is no reason for samples hours ahead.
	Slight bool `json:"-"`
	// Tag tells Fix apart what Judge found, when a check finds several things: "two-daemons".
	Tag string `json:"tag,omitempty"`
	// Targets are those of its Prometheus that it is about, when it is about targets.
	Targets []TargetKey `json:"-"`
}

// TargetKey names a target of a Prometheus, by what /api/v1/targets says of it.
type TargetKey struct {
	Pool string // scrapePool
	URL  string // scrapeUrl
}

// Key names a finding between two runs: the same problem has the same key.
func (f Finding) Key() string { return f.Check + " " + f.Host + " " + f.Component + " " + f.Tag }

// Evidence is one observation. With Unit it is a number, otherwise Text.
type Evidence struct {
	What  string  `json:"what"` // "offset to true time"
	Text  string  `json:"text,omitempty"`
	Value float64 `json:"value,omitempty"`
	Bound float64 `json:"bound,omitempty"` // the truth is within Value ± Bound; 0 is exact
	Unit  string  `json:"unit,omitempty"`  // "s", "bytes", "1/s", "1"
}

// Says is evidence in words.
func Says(what, text string) Evidence { return Evidence{What: what, Text: text} }

// Number is evidence as an exact number.
func Number(what string, value float64, unit string) Evidence {
	return Evidence{What: what, Value: value, Unit: unit}
}

// Measured is evidence as a number that is known within a bound.
func Measured(what string, value, bound float64, unit string) Evidence {
	return Evidence{What: what, Value: value, Bound: bound, Unit: unit}
}

// Fix is what would be done on one host about a finding. It is shown as it is before it is done.
type Fix struct {
	Host  string `json:"host"`
	Title string `json:"title"`
	Steps []Step `json:"steps"`
	Risk  string `json:"risk,omitempty"`
	// Then is what a person has to do afterwards: "monctl data inspect vm1/prometheus". It is never done by the fix.
	Then string `json:"then,omitempty"`
}

// Step is one command of a fix. The first that fails ends the fix.
type Step struct {
	Why string `json:"why"` // "stop Prometheus: its clock must not step under it"
	Run string `json:"run"` // POSIX sh, as root
}
