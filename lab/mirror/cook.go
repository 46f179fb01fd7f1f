package mirror

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// has tells whether a recipe's archives are all there.
func (m *Mirror) has(key string) bool {
	found := false
	for _, r := range m.Releases {
		if r.Recipe != key {
			continue
		}
		info, err := os.Stat(m.Archive(r))
		if err != nil || info.Size() != r.Size {
			return false
		}
		found = true
	}
	return found
}

// hasAll is has for known products; stand-ins may have been taken out.
func (m *Mirror) hasAll(made []product, key string) bool {
	count := 0
	for _, r := range m.Releases {
		if r.Recipe == key {
			count++
		}
	}
	return count == len(made) && m.has(key)
}

// cook follows a recipe in a scratch folder and packs what comes out.
func (m *Mirror) cook(ctx context.Context, r recipe) error {
	scratch, err := m.scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	made, err := r.make(ctx, scratch)
	if err != nil {
		return err
	}
	return m.packAll(made, r.key)
}

// cookOwn packs the lab's own programs if they differ from what was packed last.
func (m *Mirror) cookOwn(ctx context.Context, a arch) error {
	scratch, err := m.scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	made, key, err := ownProducts(ctx, a, scratch)
	if err != nil || m.hasAll(made, key) {
		return err
	}
	m.forgetOwn()
	return m.packAll(made, key)
}

func (m *Mirror) scratch() (string, error) {
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return "", fmt.Errorf("mirror: %w", err)
	}
	dir, err := os.MkdirTemp(m.dir, "scratch-")
	if err != nil {
		return "", fmt.Errorf("mirror: %w", err)
	}
	return dir, nil
}

func (m *Mirror) packAll(made []product, key string) error {
	for _, p := range made {
		r := p.release
		r.Recipe = key
		var err error
		if r.SHA256, r.Size, err = pack(m.Archive(r), r.root(), p.entries); err != nil {
			return fmt.Errorf("mirror: %w", err)
		}
		m.Releases = slices.DeleteFunc(m.Releases, func(old Release) bool { return old.Path() == r.Path() })
		m.Releases = append(m.Releases, r)
	}
	return m.save()
}

// forgetOwn removes what was packed of the lab's own programs more than a day ago, and is not in the index: no test runs that long.
func (m *Mirror) forgetOwn() {
	folders, _ := filepath.Glob(filepath.Join(m.dir, ownFolder, "*"))
	for _, folder := range folders {
		inIndex := slices.ContainsFunc(m.Releases, func(r Release) bool { return filepath.Join(m.dir, r.Folder) == folder })
		if info, err := os.Stat(folder); err == nil && !inIndex && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(folder)
		}
	}
}
