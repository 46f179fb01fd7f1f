package cache

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Report returns a note kept under a name, for what was learned about a file; ok is false when there is none.
func (c *Cache) Report(name string) (data []byte, ok bool) {
	data, err := os.ReadFile(filepath.Join(c.dir, "report", name))
	return data, err == nil
}

// SetReport keeps a note under a name.
func (c *Cache) SetReport(name string, data []byte) error {
	path := filepath.Join(c.dir, "report", name)
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	defer os.Remove(tmp.Name()) // gone already after the rename
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}
