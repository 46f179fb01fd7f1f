package faults

import (
	"slices"
	"testing"
)

// TestFaults breaks the stack in one way after another. A healthy one comes first, on both machines.
func TestFaults(t *testing.T) {
	if lab == nil {
		t.Skip("needs root: it breaks real hosts")
	}
	eventually(t, "all is scraped", well)
	t.Run("healthy", func(t *testing.T) {
		if found := above(examine(t)); len(found) > 0 {
			t.Errorf("false alarms:\n%s", lines(found))
		}
	})
	var table []string
	for _, r := range slices.Concat(installRows, scrapeRows) {
		t.Run(r.fault, func(t *testing.T) {
			if found, ok := r.run(t); ok {
				table = append(table, r.tableRow(found))
			}
		})
	}
	if *update && !t.Failed() {
		writeTable(t, table)
	}
}
