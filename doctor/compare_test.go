package doctor

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCompare tells what is new, worse and gone from what only has other numbers, and from what nobody can tell any more.
func TestCompare(t *testing.T) {
	found := func(check, host string, level Level) Finding { return Finding{Check: check, Host: host, Level: level} }
	before := Report{Findings: []Finding{found("a/same", "x", Warn), found("a/worse", "x", Warn), found("a/gone", "x", Fail), found("a/lost", "y", Fail)}}
	after := Report{Findings: []Finding{found("a/same", "x", Warn), found("a/worse", "x", Fail), found("a/new", "x", Note)}}
	after.Findings[0].Title = "with other numbers"
	var got []string
	for _, c := range Compare(before, after, []Lost{{Name: "y"}}) {
		word := "now " + c.Level.String() + ", was " + c.Was.String()
		if c.Gone {
			word = "gone"
		}
		got = append(got, c.Check+" "+word)
	}
	if want := []string{"a/worse now fail, was warn", "a/new now note, was ok", "a/gone gone"}; !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	gone, back := CompareLost(Fleet{Lost: []Lost{{Name: "x"}, {Name: "y"}}}, Fleet{Lost: []Lost{{Name: "y"}, {Name: "z"}}})
	if len(gone) != 1 || gone[0].Name != "z" || !cmp.Equal(back, []string{"x"}) {
		t.Errorf("gone %v, back %v", gone, back)
	}
}
