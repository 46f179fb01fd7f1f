package mirror

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// has tells whether a recipe's archives are all there.
func (m *Mirror) has(key string) bool {
	found := false
	for _, r := range m.Releases {
		if r.Recipe != key {
			continue
		}
		info, err := os.Stat(m.place(r))
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
		if r.SHA256, r.Size, err = pack(m.place(r), r.root(), p.entries); err != nil {
			return fmt.Errorf("mirror: %w", err)
		}
		m.Releases = slices.DeleteFunc(m.Releases, func(old Release) bool { return old.Path() == r.Path() })
		m.Releases = append(m.Releases, r)
	}
	return m.save()
}

// writeSums writes what upstream publishes beside the archives: one list per
// release for GitHub's layout, one bare sum per archive for Grafana's.
func (m *Mirror) writeSums() error {
	lists := map[string]*strings.Builder{}
	for _, r := range m.Releases { // sorted by path, so the lists are too
		if r.Component == "grafana" {
			if err := os.WriteFile(m.place(r)+".sha256", []byte(r.SHA256), 0o644); err != nil {
				return fmt.Errorf("mirror: write sum: %w", err)
			}
			continue
		}
		if lists[r.Dir()] == nil {
			lists[r.Dir()] = &strings.Builder{}
		}
		fmt.Fprintf(lists[r.Dir()], "%s  %s\n", r.SHA256, r.File())
	}
	for dir, list := range lists {
		path := filepath.Join(m.www(), dir, "sha256sums.txt")
		if err := os.WriteFile(path, []byte(list.String()), 0o644); err != nil {
			return fmt.Errorf("mirror: write sums: %w", err)
		}
	}
	return nil
}
