package doctor

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/checks.md")

// TestChecksAreWhole holds every check to what a person and the other checks rely on.
func TestChecksAreWhole(t *testing.T) {
	id := regexp.MustCompile(`^[a-z]+/[a-z0-9-]+$`)
	var ids []string
	for _, c := range Checks() {
		ids = append(ids, c.ID)
	}
	for i, c := range Checks() {
		if !id.MatchString(c.ID) || slices.Index(ids, c.ID) != i {
			t.Errorf("%s: the ID is malformed or given twice", c.ID)
		}
		if c.Title == "" || c.Judge == nil || c.Doc.Symptom == "" || c.Doc.Cause == "" || c.Doc.Evidence == "" || c.Doc.Fix == "" || c.Doc.Source == "" {
			t.Errorf("%s: the title, Judge or a part of the documentation is missing", c.ID)
		}
		for _, other := range slices.Concat(c.After, c.Reads) {
			if !slices.Contains(ids, other) {
				t.Errorf("%s: refers to %s, which is no check", c.ID, other)
			}
		}
	}
}

// TestProbesAreShell lets every sh there is read every probe and every shared part.
func TestProbesAreShell(t *testing.T) {
	for _, p := range append(sections(Checks(), Checks()), section{name: "prelude", script: preludeScript}) {
		for _, sh := range []string{"dash", "bash --posix", "busybox sh"} {
			argv := append(strings.Fields(sh), "-n")
			if _, err := exec.LookPath(argv[0]); err != nil {
				continue
			}
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Stdin = strings.NewReader(p.script)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %s", p.name, sh, out)
			}
		}
	}
}

// forbidden are remedies that destroy or do not exist.
var forbidden = regexp.MustCompile(`rm -rf|setenforce 0|rm .*lock\b|promtool tsdb repair|chmod 777|insecure_skip_verify: true`)

// TestNoFolkRemedies reads all that the documentation and the judges' sources say.
func TestNoFolkRemedies(t *testing.T) {
	for _, c := range Checks() {
		if bad := forbidden.FindString(c.Doc.Fix); bad != "" && !strings.Contains(strings.ToLower(c.Doc.Fix), "never") && !strings.Contains(strings.ToLower(c.Doc.Fix), "not ") {
			t.Errorf("%s: its fix says %q", c.ID, bad)
		}
	}
}

// TestPages compares docs/checks.md with the code.
func TestPages(t *testing.T) {
	const path = "../docs/checks.md"
	want := Pages(Checks())
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("docs/checks.md is not there yet: go test ./doctor -run TestPages -update")
	}
	if err != nil || string(got) != want {
		t.Errorf("docs/checks.md is not what the code says (%v); go test ./doctor -run TestPages -update", err)
	}
}

// TestFailures holds docs/failures.md to checks that there are, and to no fewer failures than were promised.
func TestFailures(t *testing.T) {
	text, err := os.ReadFile("../docs/failures.md")
	if err != nil {
		t.Fatal(err)
	}
	covered, _, _ := strings.Cut(string(text), "## What no check finds")
	rows, id := 0, regexp.MustCompile("`([a-z]+/[a-z0-9-]+)`")
	var named []string
	for line := range strings.Lines(covered) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 2 || cells[0] == "| what is seen" {
			continue
		}
		rows++
		found := id.FindAllStringSubmatch(cells[1], -1)
		if len(found) == 0 {
			t.Errorf("no check: %s", line)
		}
		for _, m := range found {
			named = append(named, m[1])
			if !slices.ContainsFunc(Checks(), func(c Check) bool { return c.ID == m[1] }) {
				t.Errorf("%s is no check: %s", m[1], line)
			}
		}
	}
	if rows < 80 {
		t.Errorf("%d failures have a check, want at least 80", rows)
	}
	slices.Sort(named)
	t.Logf("%d failures, %d checks", rows, len(slices.Compact(named)))
}
