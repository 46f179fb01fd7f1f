package desired

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monctl/monctl/fleet/resource"
)

var update = flag.Bool("update", false, "write the golden files of every component")

// TestGolden compares what every component of the catalogue gets in the example stack with the files below
// templates/COMPONENT/testdata/golden. A component without golden files, or without a host in the example, fails.
func TestGolden(t *testing.T) {
	s := example(t)
	for _, name := range s.Catalog.Names() {
		t.Run(name, func(t *testing.T) {
			if len(s.Of(name)) == 0 {
				t.Fatalf("%s is not in testdata/stack.yaml: add it to a host there, then run this test with -update", name)
			}
			got := map[string]string{}
			for _, i := range s.Of(name) {
				renderInstance(t, s, i, got)
			}
			folder := filepath.Join("..", "..", "templates", name, "testdata", "golden")
			if *update {
				write(t, folder, got)
			}
			want := read(t, folder)
			if len(want) == 0 {
				t.Fatal("no golden files: run this test with -update, and look at what it wrote")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("differs from %s (-want +got); run with -update if it should:\n%s", folder, diff)
			}
		})
	}
}

// renderInstance puts an instance's files into got, by "host/file name", with a list of all its resources. What other
// components bring (rules, dashboards) is in the list alone.
func renderInstance(t *testing.T, s *Stack, i Instance, got map[string]string) {
	t.Helper()
	unit, own, err := s.instanceResources(i, drawn)
	if err != nil {
		t.Fatal(err)
	}
	all := own
	if unit != nil {
		all = append([]resource.Resource{*unit}, own...)
	}
	var list strings.Builder
	for _, r := range all {
		describe(&list, r)
		f, ok := r.(resource.File)
		if !ok || strings.Contains(f.Path, "/dashboards/") && path.Ext(f.Path) == ".json" || strings.Contains(f.Path, "/rules/") && path.Base(f.Path) != "targets.yml" {
			continue
		}
		name := path.Base(f.Path)
		if below, ok := strings.CutPrefix(f.Path, i.Config()+"/"); ok {
			name = below
		}
		got[i.Host.Name+"/"+name] = string(f.Content)
	}
	got[i.Host.Name+"/resources.txt"] = list.String()
}

// describe writes a resource as lines for people.
func describe(b *strings.Builder, r resource.Resource) {
	fmt.Fprint(b, r.Key())
	switch r := r.(type) {
	case resource.Dir:
		fmt.Fprintf(b, " %s:%s %04o keep=%v", r.Owner, r.Group, r.Mode, r.Keep)
	case resource.File:
		fmt.Fprintf(b, " %s:%s %04o secret=%v once=%v", r.Owner, r.Group, r.Mode, r.Secret, r.Once)
	case resource.User:
		fmt.Fprintf(b, " groups=%v", r.Groups)
	case resource.Release:
		fmt.Fprintf(b, " machine=%s binaries=%v", r.Machine, r.Binaries)
	case resource.Link:
		fmt.Fprintf(b, " -> %s", r.Target)
	case resource.Check:
		fmt.Fprintf(b, " %s", r.Command)
	case resource.Script:
		fmt.Fprintf(b, " (%s) after=%v\n  look:\n%s  run:\n%s", r.About, r.After, indented(r.Look), indented(r.Run))
	case resource.Service:
		fmt.Fprintf(b, " %s", r.Exe)
		for _, key := range r.Reload {
			fmt.Fprintf(b, "\n  reload for %s", key)
		}
		for _, key := range r.Restart {
			fmt.Fprintf(b, "\n  restart for %s", key)
		}
	}
	b.WriteByte('\n')
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
}

func write(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(files[name]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		below, _ := filepath.Rel(folder, name)
		files[filepath.ToSlash(below)] = string(b)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return files
}
