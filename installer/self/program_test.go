package self

import (
	"debug/buildinfo"
	"os"
	"strings"
	"testing"
)

// TestVersionOf reads this very test program as the standard library does.
func TestVersionOf(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want, err := buildinfo.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	got, err := versionOf(own)
	if err != nil || got != want.Main.Version {
		t.Errorf("got %q, %v; want %q", got, err, want.Main.Version)
	}
}

// TestNoBuildInfo: what only looks like a program is refused, whatever lengths it names.
func TestNoBuildInfo(t *testing.T) {
	first := string([]byte{0xff}) // not a constant, or this program would have marks that are none
	mark := first + buildMark + "\x08\x02"
	for name, content := range map[string]string{
		"nothing":            "",
		"short":              mark[:12],
		"ends in the header": mark + "0123",
		"ends in a string":   mark + strings.Repeat("\x00", 16) + "\x06go1.26\x40text",
		"a length too large": mark + strings.Repeat("\x00", 16) + "\x06go1.26\xff\xff\xff\xff\x7f",
		"text without marks": mark + strings.Repeat("\x00", 16) + "\x06go1.26\x04text",
		"not inline":         first + buildMark + "\x08\x00" + strings.Repeat("\x00", 16) + "\x06go1.26\x00",
		"not at 16":          "four" + mark + strings.Repeat("\x00", 16) + "\x06go1.26" + "\x20" + strings.Repeat("x", 32),
	} {
		if text, err := buildInfo(strings.NewReader(content)); err == nil {
			t.Errorf("%s: got %q", name, text)
		}
	}
}
