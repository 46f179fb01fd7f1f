package doctor

import (
	"strings"
	"time"
)

// said finds the lines of a server's journal since its start that hold one of some texts, oldest first. known is false when
// the journal was not read, or the server is not run by systemd and writes elsewhere.
func (s server) said(texts ...string) (lines []Entry, known bool) {
	return s.saidSince(s.Host.runSince(s.Unit), texts)
}

// saidSince is said since some time after boot.
func (s server) saidSince(start time.Duration, texts []string) (lines []Entry, known bool) {
	if _, unread := s.Host.Unread["journal"]; unread || s.Unit == "" {
		return nil, false
	}
	for _, e := range s.Host.Journal {
		if e.Unit != s.Unit || e.Monotonic < start {
			continue
		}
		for _, text := range texts {
			if strings.Contains(e.Text, text) {
				lines = append(lines, e)
				break
			}
		}
	}
	return lines, true
}

// lately keeps the lines of the last while, by the host's clock.
func (s server) lately(lines []Entry, while time.Duration) []Entry {
	var kept []Entry
	for _, e := range lines {
		if s.Host.Facts.Clock.Time.Sub(e.At) < while {
			kept = append(kept, e)
		}
	}
	return kept
}

// last quotes the last of some lines as evidence.
func last(lines []Entry) []Evidence {
	if len(lines) == 0 {
		return nil
	}
	e := lines[len(lines)-1]
	return []Evidence{Says("journal, "+stamp(e.At), clip(e.Text))}
}

func clip(text string) string {
	const most = 400
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
