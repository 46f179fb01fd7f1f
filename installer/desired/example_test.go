package desired

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/templates"
)

// load gives a catalogue; own is the operator's folder or "".
func load(t *testing.T, own string) templates.Catalog {
	t.Helper()
	catalog, err := templates.Load(own)
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

// stackOf builds the stack of an inventory's text with a catalogue.
func stackOf(t *testing.T, catalog templates.Catalog, text string) (*Stack, error) {
	t.Helper()
	inv, err := inventory.Parse("monctl.yaml", []byte(text))
	if err != nil {
		t.Fatalf("the test's inventory: %v", err)
	}
	return StackOf(inv, catalog)
}

// good is stackOf for an inventory without faults, with machines and releases filled in.
func good(t *testing.T, text string) *Stack {
	t.Helper()
	return goodOf(t, load(t, ""), text)
}

func goodOf(t *testing.T, catalog templates.Catalog, text string) *Stack {
	t.Helper()
	s, err := stackOf(t, catalog, text)
	if err != nil {
		t.Fatal(err)
	}
	return filled(s)
}

// filled gives the hosts of a stack their machines (by name, amd64 otherwise) and every component a release.
func filled(s *Stack) *Stack {
	archs := map[string]templates.Arch{}
	for _, h := range s.Inventory.Hosts {
		archs[h.Name] = templates.AMD64
	}
	archs["edge1"], archs["edge2"] = templates.ARM64, templates.ARMv7
	releases := map[string]release.Release{}
	for _, c := range s.Components() {
		r := release.Release{Component: c.Name, Version: "1.2.3", Files: map[templates.Arch]release.File{}}
		for arch := range c.Release.Archs {
			r.Files[arch] = release.File{Name: c.Release.FileName("1.2.3", "7", arch), SHA256: strings.Repeat("0123456789abcdef", 4)}
		}
		releases[c.Name] = r
	}
	return s.With(archs, releases)
}

func example(t *testing.T) *Stack {
	t.Helper()
	t.Setenv("MONCTL_TEST_TOKEN", `to ken&"#`)
	text, err := os.ReadFile(filepath.Join("testdata", "stack.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return good(t, string(text))
}

// drawn stands for a generated secret.
func drawn() string { return "drawn" }

// the finds the only instance of a component on a host.
func the(t *testing.T, s *Stack, component, host string) Instance {
	t.Helper()
	for _, i := range s.Of(component) {
		if i.Host.Name == host {
			return i
		}
	}
	t.Fatalf("no %s on %s", component, host)
	return Instance{}
}

// refused checks that an inventory is misuse and that the error has every one of the words.
func refused(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if fault.KindOf(err) != fault.Usage {
		t.Errorf("kind %v, want usage", fault.KindOf(err))
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error lacks %q:\n%v", w, err)
		}
	}
	var at *inventory.Error
	if !errors.As(err, &at) {
		t.Errorf("no place in the file: %v", err)
	}
}
