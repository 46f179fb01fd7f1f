package facts

import (
	"fmt"
	"strings"
)

// Line describes a host in a few words: "Debian 12, arm64, 2.0 GiB free, clock ok". The space is that of /var/lib, or of
// the root. What is unknown is left out, except the architecture.
func (f Facts) Line() string {
	words := []string{f.system(), f.Arch}
	if f.Arch == "" {
		words[1] = "no releases for " + or(f.Machine, "an unknown machine")
	}
	d, ok := f.Disk("/var/lib")
	if !ok {
		d, ok = f.Disk("/")
	}
	if ok {
		words = append(words, fmt.Sprintf("%.1f GiB free", float64(d.Avail)/(1<<30)))
	}
	if f.Systemd.PID1 == No {
		words = append(words, "no systemd")
	}
	if clock := f.clock(); clock != "" {
		words = append(words, clock)
	}
	return strings.Join(words, ", ")
}

// system gives "Debian 12" of "Debian GNU/Linux 12 (bookworm)": the name up to its version, and the version.
func (f Facts) system() string {
	name := f.OS.Name
	if end := strings.IndexAny(name, "(0123456789"); end >= 0 {
		name = name[:end]
	}
	name = strings.TrimSuffix(strings.TrimSpace(name), " v") // "Alpine Linux v3.20"
	name = strings.TrimSuffix(strings.TrimSuffix(name, " Linux"), " GNU/Linux")
	return or(strings.TrimSpace(or(name, f.OS.ID)+" "+f.OS.VersionID), "unknown system")
}

// clock compares the host's time with the bounds of when it was read. Off is only what lies outside of both.
func (f Facts) clock() string {
	c := f.Clock
	if c.Time.IsZero() || c.Sent.IsZero() {
		return ""
	}
	off := c.Time.Sub(c.Received)
	if early := c.Time.Sub(c.Sent); early < 0 {
		off = early
	}
	switch {
	case off > ClockTolerance:
		return fmt.Sprintf("clock %s ahead", off.Round(ClockTolerance/10))
	case off < -ClockTolerance && c.Time.Before(c.Sent):
		return fmt.Sprintf("clock %s behind", (-off).Round(ClockTolerance/10))
	}
	return "clock ok"
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
