package runtime

import (
	"context"
	"net"
	"time"

	"github.com/monctl/monctl/runtime/clock"
)

// Doctor looks at the machine of the monitor and says why targets are down. The monitor calls it when somebody asks and a target is
// down, never twice at once, and ends it by its context; it changes nothing. What it returns after that is not waited for.
type Doctor func(context.Context, Complaint) (Diagnosis, error)

// Complaint is what the doctor is asked about.
type Complaint struct {
	Targets []TargetKey    // that are down, or of which nothing new is stored
	NTP     *clock.Reading // of the clock of this machine; nil while nothing is known
	// Dial connects to this monitor's own API whatever the address, in memory: neither the TLS nor the users of its web
	// configuration are in the way. Base is where that API is: http://127.0.0.1:9090/prefix.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	Base string
}

// TargetKey names a target, as scrapePool and scrapeUrl of /api/v1/targets do.
type TargetKey struct {
	Pool string `json:"pool"`
	URL  string `json:"url"`
}

// Diagnosis is what the doctor found.
type Diagnosis struct {
	Host     string    `json:"host"`    // the machine that was looked at
	Root     bool      `json:"root"`    // it was looked at with root's eyes
	Command  string    `json:"command"` // that tells more, to be typed there
	Verdicts []Verdict `json:"verdicts"`
}

// Verdict is one cause, and the targets that it explains. Its words are English.
type Verdict struct {
	Targets  []TargetKey `json:"targets"`
	Check    string      `json:"check"` // of monctl doctor: "scrape/refused"; "" when none says anything
	Level    string      `json:"level"` // "fail", "warn", "note" or "unknown"
	Title    string      `json:"title"`
	Cause    string      `json:"cause"`
	Evidence []Evidence  `json:"evidence"`
	Fix      string      `json:"fix"` // a command or a sentence; "" when there is none
}

// Evidence is one observation.
type Evidence struct {
	What string `json:"what"`
	Text string `json:"text"`
}

const (
	lookWithin = 20 * time.Second
	lookKept   = 30 * time.Second       // at least, while the same targets are ill
	lookShare  = 30                     // times as long as it took, that is: of the time that somebody watches, looks take a thirtieth
	lookPause  = 5 * time.Second        // between two looks, however the targets change
	lookGrace  = 100 * time.Millisecond // that a stop leaves to a look, to take away what it started
)
