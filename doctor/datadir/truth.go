package datadir

import (
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// Truth is what is known of this machine's clock.
type Truth struct {
	Known  bool          `json:"known"`
	Offset time.Duration `json:"offset"` // true time minus this machine's clock
	Bound  time.Duration `json:"bound"`  // the offset is within ± Bound
	Source string        `json:"source"` // what it rests on, or why it is not known
}

// TruthOf takes over what NTP servers say.
func TruthOf(t clock.Truth) Truth {
	return Truth{Known: t.Known, Offset: t.Offset.Value(), Bound: t.Offset.Bound(), Source: t.Source}
}
