package faults

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// finding is what this test reads of one.
type finding struct {
	Check     string
	Host      string
	Component string
	Level     string
	Title     string
	Cause     string
	Fix       string
	Evidence  []struct{ What, Text string }
	MutedBy   string `json:"muted_by"`
}

func (f finding) String() string {
	return strings.TrimSpace(f.Level + " " + f.Check + " " + f.Host + " " + f.Component + ": " + f.Title)
}

// says tells whether a word is in the words that a person reads.
func (f finding) says(word string) bool {
	text := f.Title + "\n" + f.Cause + "\n" + f.Fix
	for _, e := range f.Evidence {
		text += "\n" + e.What + " " + e.Text
	}
	return strings.Contains(text, word)
}

// examine runs the doctor over all hosts. Without NTP it judges clocks among each other, here and anywhere.
func (s *site) examine(t *testing.T) []finding {
	t.Helper()
	o := s.run(t.Context(), "doctor", "--json", "--ntp=", "--timeout=5s")
	var all []finding
	for line := range strings.Lines(o.stdout) {
		var event struct {
			Event string
			finding
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("doctor: %v\n%s\n%s", err, line, o.stderr)
		}
		if event.Check != "" && event.Title != "" {
			all = append(all, event.finding)
		}
	}
	if o.code != 0 && o.code != 3 && o.code != 4 {
		t.Fatalf("doctor: exit %d\n%s", o.code, o.stderr)
	}
	return all
}

// causes are the findings that a person is told to act on.
func causes(all []finding) []finding {
	return slices.DeleteFunc(slices.Clone(all), func(f finding) bool {
		return f.MutedBy != "" || f.Level != "warn" && f.Level != "fail"
	})
}

// above are the findings that a healthy fleet has none of.
func above(all []finding) []finding {
	return slices.DeleteFunc(slices.Clone(all), func(f finding) bool { return f.Level == "note" || f.Level == "ok" })
}

func lines(all []finding) string {
	var b strings.Builder
	for _, f := range all {
		b.WriteString("  " + f.String())
		if f.MutedBy != "" {
			b.WriteString(" [by " + f.MutedBy + "]")
		}
		b.WriteByte('\n')
	}
	return b.String()
}
