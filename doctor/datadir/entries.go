package datadir

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/oklog/ulid/v2"
)

// proveEntries decides by what lies in a directory whether it is the data of its kind.
func proveEntries(d Dir, entries []fs.DirEntry) error {
	if d.kind != Prometheus {
		return proveFolder(d, entries)
	}
	var evidence, foreign []string
	for _, e := range entries {
		switch {
		case e.Name() == "wal" || e.Name() == "chunks_head" || isBlock(e):
			if e.IsDir() {
				evidence = append(evidence, e.Name())
				continue
			}
			foreign = append(foreign, e.Name()+" (not a folder)")
		case !belongs(e):
			foreign = append(foreign, e.Name())
		}
	}
	switch {
	case len(foreign) > 0:
		return fault.Refuse(fmt.Errorf("%s holds what does not belong to a TSDB: %s", d.path, listed(foreign)),
			"Move these elsewhere first, or give the data a folder of its own. Nothing was changed.")
	case len(evidence) == 0 && !vouched(d):
		return fault.Refuse(fmt.Errorf("%s is not a TSDB: it has no wal, no chunks_head and no block", d.path),
			"Name the directory that the running process names (--storage.tsdb.path).")
	}
	return nil
}

// vouched says that the store knows the directory: an operation was interrupted, which may leave nothing in place for a while, or what was
// there before can be brought back, as after a reset.
func vouched(d Dir) bool {
	ops, err := operations(d)
	return err == nil && slices.ContainsFunc(ops, func(o Operation) bool { return o.State.open() || o.Restorable })
}

// isBlock says that an entry has the name of a block.
func isBlock(e fs.DirEntry) bool {
	_, err := ulid.ParseStrict(e.Name())
	return err == nil
}

// belongs knows everything else that a Prometheus from 2.0 to 3.13 writes into its data directory (tsdb/db.go, tsdb/head_wal.go,
// promql/query_logger.go), and what a file system and monctl put there.
func belongs(e fs.DirEntry) bool {
	name := e.Name()
	switch name {
	case "wbl", "lock", "queries.active", "series_state.json", snapshotsName, "lost+found", storeName:
		return true
	}
	return leftover(name) || strings.HasPrefix(name, "chunk_snapshot.") || strings.HasPrefix(name, "tmp_dbro_sandbox")
}

// snapshotsName is the folder in which a server puts the copies that it makes itself.
const snapshotsName = "snapshots"

// leftover says that a name is that of an unfinished block, checkpoint or file of a process that died; Prometheus removes
// them when it starts (tsdb/db.go:66, tsdbutil/remove_tmp_dirs.go).
func leftover(name string) bool {
	for _, suffix := range []string{".tmp-for-creation", ".tmp-for-deletion", ".tmp"} {
		if stem, ok := strings.CutSuffix(name, suffix); ok {
			_, err := ulid.ParseStrict(stem)
			return err == nil || suffix == ".tmp"
		}
	}
	return false
}

// evidence is what one of must be there in a folder that is moved as a whole.
var evidence = map[Kind][]string{
	Grafana:      {"grafana.db"},
	Loki:         {"wal", "chunks", "tsdb-shipper-active", "tsdb-shipper-cache", "boltdb-shipper-active", "compactor"},
	Alertmanager: {"nflog", "silences"},
}

func proveFolder(d Dir, entries []fs.DirEntry) error {
	wanted, known := evidence[d.kind]
	if !known {
		return fault.Misuse(fmt.Errorf("there is no kind of data %q", d.kind), "One of prometheus, grafana, loki, alertmanager.")
	}
	for _, e := range entries {
		if slices.Contains(wanted, e.Name()) {
			return nil
		}
	}
	if vouched(d) {
		return nil
	}
	return fault.Refuse(fmt.Errorf("%s is not the data of %s: it has none of %s", d.path, d.kind, strings.Join(wanted, ", ")), "")
}

// listed names some of many.
func listed(names []string) string {
	const most = 8
	slices.Sort(names)
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// rel is a path as it is shown: relative to the directory where it lies in it.
func rel(dir, path string) string {
	if r, err := filepath.Rel(dir, path); err == nil && !strings.HasPrefix(r, "..") {
		return r
	}
	return path
}
