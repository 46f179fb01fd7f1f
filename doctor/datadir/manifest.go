package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const manifestName = "manifest.json"

// manifest is the journal of one operation.
type manifest struct {
	Operation
	Moves []move `json:"moves"`
}

// move is one rename; paths are relative to the parent of the data directory.
type move struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// operations reads the manifests in the store, newest first.
func operations(d Dir) ([]Operation, error) {
	entries, err := os.ReadDir(d.Store())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: read: %w", d.Store(), err)
	}
	var ops []Operation
	for n := len(entries) - 1; n >= 0; n-- {
		m, err := readManifest(filepath.Join(d.Store(), entries[n].Name()))
		if err != nil {
			return nil, err
		}
		ops = append(ops, m.Operation)
	}
	return ops, nil
}

func readManifest(folder string) (manifest, error) {
	var m manifest
	body, err := os.ReadFile(filepath.Join(folder, manifestName))
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	if err != nil {
		return m, fmt.Errorf("%s: read its manifest: %w", folder, err)
	}
	return m, nil
}
