package clocks

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestClockFaults breaks clocks and time daemons in one way after another. The daemons are Debian's, the steps are real. All rows take a quarter
// of an hour, and are run with MONCTL_LAB_LONG.
func TestClockFaults(t *testing.T) {
	if lab == nil {
		t.Skip("needs root, for a virtual machine")
	}
	all := os.Getenv("MONCTL_LAB_LONG") != ""
	var table []string
	for _, r := range rows {
		if !all && !r.quick {
			continue
		}
		t.Run(r.fault, func(t *testing.T) {
			if found, ok := r.run(t); ok {
				table = append(table, r.tableRow(found))
			}
		})
	}
	if all {
		t.Run("a boot with a wrong hardware clock, after the cure", reboot)
	}
	if *update && all && !t.Failed() {
		writeTable(t, table)
	}
}

// run breaks, examines, lets the doctor cure, and mends. It gives the finding of the first cause.
func (r row) run(t *testing.T) (finding, bool) {
	h := r.on()
	if h == lab.vm {
		on(t, h, calm())
	}
	if r.mends != "" {
		t.Cleanup(func() { on(t, h, r.mends) })
	}
	on(t, h, r.breaks())
	if r.then != nil {
		r.then(t, h)
	}
	time.Sleep(r.settle)
	if r.until != "" {
		eventually(t, "the fault has taken effect", time.Minute, func() bool {
			_, err := h.Exec(t.Context(), r.until)
			return err == nil
		})
	}
	l := examine(t, "root@"+h.Name, "--only=clock")
	want := slices.Sorted(slices.Values(r.causes))
	if got := l.causes(); !slices.Equal(got, want) {
		t.Errorf("causes %q, want %q, in\n%s", got, want, l)
	}
	found := l.of(t, r.causes[0])
	t.Logf("found: %s", found)
	for _, word := range r.words {
		if !found.says(word) {
			t.Errorf("it does not say %q: %+v", word, found)
		}
	}
	for check, word := range r.others {
		if other := l.of(t, check); !other.says(word) {
			t.Errorf("it does not say %q: %+v", word, other)
		}
	}
	r.cure(t)
	return found, !t.Failed()
}

// cure lets the doctor fix what it found, and wants no cause left.
func (r row) cure(t *testing.T) {
	h := r.on()
	if r.cured == "" {
		return
	}
	l := examine(t, "root@"+h.Name, "--only=clock", "--fix", "--yes")
	if len(l.fixes) == 0 {
		t.Errorf("no fix is offered:\n%s", l)
		return
	}
	if got := l.causes(); len(got) != 0 {
		t.Errorf("after --fix the causes are %q:\n%s", got, l)
	}
	on(t, h, r.cured)
	t.Logf("cured: %s", l.fixes[0].Title)
}

// page has the table between two markers.
const page, begin, end = "../../docs/doctor.md", "<!-- clock faults -->\n", "<!-- /clock faults -->"

// writeTable puts the faults that were found, and what was said of them, into the documentation.
func writeTable(t *testing.T, rows []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	must(t, err)
	before, rest, begun := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !begun || !ended {
		t.Fatalf("%s lacks %q or %q", page, begin, end)
	}
	table := "| fault | check | cause found | cured by `--fix` |\n|---|---|---|---|\n" + strings.Join(rows, "")
	must(t, os.WriteFile(page, []byte(before+begin+table+end+after), 0o644))
}

func (r row) tableRow(found finding) string {
	cured := "yes"
	if r.cured == "" {
		cured = "no: left to a person"
	}
	return "| " + r.fault + " | `" + r.causes[0] + "` | " + found.Title + " | " + cured + " |\n"
}
