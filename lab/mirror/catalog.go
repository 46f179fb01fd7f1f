package mirror

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pinColumns is the first line of a releases.tsv.
const pinColumns = "version\tarch\tfile\tbuild\tsha256\tsources\n"

// archOrder is the order of architectures within a version.
var archOrder = []string{"amd64", "arm64", "armv7"}

// WriteCatalog writes DIR/COMPONENT/releases.tsv for every component: a
// catalogue that vouches for the mirror's own sums. Releases that work are named
// by two sources, so that the newest of them is the default; broken ones by one,
// so that they are installed only when they are asked for.
func (m *Mirror) WriteCatalog(dir string) error {
	tables := map[string]*strings.Builder{}
	for _, r := range slices.SortedFunc(slices.Values(m.Releases), newestFirst) {
		table := tables[r.Component]
		if table == nil {
			table = &strings.Builder{}
			table.WriteString(pinColumns)
			tables[r.Component] = table
		}
		sources := "lab-mirror;lab-package"
		if r.Broken {
			sources = "lab-mirror"
		}
		fmt.Fprintln(table, strings.Join([]string{r.Version, r.Arch, r.File(), r.Build, r.SHA256, sources}, "\t"))
	}
	for component, table := range tables {
		folder := filepath.Join(dir, component)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("mirror: write catalogue: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, "releases.tsv"), []byte(table.String()), 0o644); err != nil {
			return fmt.Errorf("mirror: write catalogue: %w", err)
		}
	}
	return nil
}

func newestFirst(a, b Release) int {
	return cmp.Or(compareVersions(b.Version, a.Version), slices.Index(archOrder, a.Arch)-slices.Index(archOrder, b.Arch))
}
