package faults

import (
	"slices"
	"strings"
	"testing"
)

// TestHealthy examines stacks with which nothing is wrong, on both machines: not one finding, not even a note.
func TestHealthy(t *testing.T) {
	if lab == nil {
		t.Skip("needs root: it has real hosts")
	}
	for _, s := range lab.sites {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.eventually(t, "all is scraped", well)
			if found := s.examine(t); len(found) > 0 {
				t.Errorf("false alarms:\n%s", lines(found))
			}
		})
	}
}

// TestFaults breaks stacks in one way after another.
func TestFaults(t *testing.T) {
	if lab == nil {
		t.Skip("needs root: it breaks real hosts")
	}
	rows := slices.Concat(installRows, scrapeRows, loginRows, dataRows, alertRows)
	table := make([]string, len(rows))
	t.Cleanup(func() {
		t.Logf("\n%s", strings.Join(table, ""))
		if *update && !t.Failed() {
			writeTable(t, table)
		}
	})
	for i, r := range rows {
		t.Run(r.fault, func(t *testing.T) {
			t.Parallel()
			s := take(t)
			if found, ok := r.run(t, s); ok {
				table[i] = r.tableRow(s, found)
			}
		})
	}
}
