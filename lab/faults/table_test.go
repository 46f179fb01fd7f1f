package faults

import (
	"os"
	"strings"
	"testing"
)

// page has the table between two markers.
const page, begin, end = "../../docs/doctor.md", "<!-- faults -->\n", "<!-- /faults -->"

// writeTable puts the faults that were found, and what was said of them, into the documentation.
func writeTable(t *testing.T, rows []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !begun || !ended {
		t.Fatalf("%s lacks %q or %q", page, begin, end)
	}
	table := "| fault | check | cause found |\n|---|---|---|\n" + strings.Join(rows, "")
	if err := os.WriteFile(page, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tableRow is a line of Markdown. Addresses of the lab differ from run to run, numbers of processes too.
func (r row) tableRow(s *site, found finding) string {
	said := found.Title
	for _, h := range s.Hosts {
		said = strings.ReplaceAll(said, h.Address, "ADDRESS-OF-"+h.Name)
	}
	return "| " + r.fault + " | `" + r.check + "` | " + strings.ReplaceAll(said, "|", `\|`) + " |\n"
}
