package dashboards

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the dashboards of the catalogue")

// TestFiles compares what is described here with what the catalogue embeds.
func TestFiles(t *testing.T) {
	described := map[string]bool{}
	for _, b := range All() {
		got, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("..", b.File)
		described[file] = true
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not what is described (-file +described); run with -update if it should be:\n%s", b.File, diff)
		}
	}
	files, err := filepath.Glob("../*/dashboards/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !described[f] {
			t.Errorf("%s: nobody describes it", f)
		}
	}
}
