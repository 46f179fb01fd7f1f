package runtime

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// The formats that the built-in Prometheus reads: tsdb/docs/format/{index,chunks}.md and tsdb/block.go.
const (
	blockVersion = 1
	indexVersion = 2
	chunkVersion = 1
)

// refuseNewer fails when a block of the folder has a format of a later release. Upstream skips such blocks with a line in
// the log, and retention would be decided without them.
func refuseNewer(dir string) error {
	blocks, err := filepath.Glob(filepath.Join(dir, "*", "meta.json"))
	if err != nil {
		return err
	}
	for _, meta := range blocks {
		text, err := os.ReadFile(meta)
		if err != nil {
			return err
		}
		var block struct{ Version int }
		if json.Unmarshal(text, &block) == nil && block.Version > blockVersion { // a damaged one is upstream's to judge
			return newerError(meta, block.Version, blockVersion)
		}
		for name, known := range map[string]int{"index": indexVersion, filepath.Join("chunks", "000001"): chunkVersion} {
			path := filepath.Join(filepath.Dir(meta), name)
			if version, err := formatOf(path); err == nil && version > known {
				return newerError(path, version, known)
			}
		}
	}
	return nil
}

func newerError(path string, is, known int) error {
	return fmt.Errorf("%s has format %d, of a later Prometheus; this one (%s) reads up to %d", path, is, PrometheusVersion(), known)
}

// formatOf reads the version of an index or chunk file: the byte after four of magic.
func formatOf(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	head := make([]byte, 5)
	if _, err := io.ReadFull(f, head); err != nil {
		return 0, errors.Join(err, errors.New(path))
	}
	return int(head[4]), nil
}
