package doctor

import "time"

// Settings are the thresholds and sources of the checks. Default gives them.
type Settings struct {
	// Clock offsets to true time from which a finding is a note, a warning and a failure.
	OffsetNote, OffsetWarn, OffsetFail time.Duration
	// RootDistance is how wrong a time daemon's source may be, by its own word, before it is a warning.
	RootDistance time.Duration
	// NTP lists servers to ask for the true time; nil asks DefaultNTP, an empty, non-nil list asks nobody.
	NTP []string
}

// DefaultNTP are asked when no others are named.
var DefaultNTP = []string{"0.pool.ntp.org", "1.pool.ntp.org", "2.pool.ntp.org", "3.pool.ntp.org", "time.cloudflare.com"}

// Default gives the thresholds. 50 ms is where node-mixin's NodeClockSkewDetected begins; from 1 s on, logs and
// rates of two hosts no longer match; from 30 s on, Prometheus' page shows its banner (web/ui PanelList.tsx). 5 s is the
// root distance at which systemd-timesyncd drops a server (RootDistanceMaxSec).
func Default() Settings {
	return Settings{OffsetNote: 50 * time.Millisecond, OffsetWarn: time.Second, OffsetFail: 30 * time.Second, RootDistance: 5 * time.Second}
}
