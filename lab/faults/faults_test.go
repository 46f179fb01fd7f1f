package faults

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHealthy examines stacks with which nothing is wrong, on both machines: not one finding, not even a note.
func TestHealthy(t *testing.T) {
	if lab == nil {
		t.Skip("needs root: it has real hosts")
	}
	for _, s := range lab.sites {
		t.Run(s.name, func(t *testing.T) {
			s.eventually(t, "all is scraped", well)
			found := s.examine(t)
			// An emulator on a busy machine may not answer in time, and the doctor says so.
			for end := time.Now().Add(3 * time.Minute); len(found) > 0 && s.want.ARM64 > 0 && time.Now().Before(end); time.Sleep(5 * time.Second) {
				t.Logf("again, after\n%s", lines(found))
				found = s.examine(t)
			}
			if len(found) > 0 {
				t.Errorf("false alarms:\n%s", lines(found))
			}
		})
	}
}

// TestWithoutRoot logs in as somebody who may not use sudo: what needs root is unknown and says so, and nothing is an alarm.
func TestWithoutRoot(t *testing.T) {
	if lab == nil {
		t.Skip("needs root: it has real hosts")
	}
	poor := *lab.sites[0]
	text, err := os.ReadFile(filepath.Join(poor.dir, "monctl.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	poor.dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(poor.dir, "monctl.yaml"), append([]byte("defaults: {user: nosudo}\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	needs := 0
	for _, f := range poor.examine(t) {
		if f.Level != "unknown" {
			t.Errorf("got %s", f)
		}
		if f.says("needs root") {
			needs++
		}
	}
	if needs < 10*len(poor.Hosts) {
		t.Errorf("%d checks say that they need root", needs)
	}
}

// TestFaults breaks stacks in one way after another: every second way, or all with MONCTL_LAB_LONG.
func TestFaults(t *testing.T) {
	if lab == nil {
		t.Skip("needs root: it breaks real hosts")
	}
	rows := slices.Concat(installRows, scrapeRows, loginRows, dataRows, alertRows, mysqlRows)
	if os.Getenv("MONCTL_LAB_LONG") == "" && !*update {
		rows = everySecond(rows)
	} else {
		rows = append(rows, unreadableLog())
	}
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

// everySecond leaves half of every family: CI has minutes.
func everySecond(rows []row) []row {
	var half []row
	for i := 0; i < len(rows); i += 2 {
		half = append(half, rows[i])
	}
	return half
}
