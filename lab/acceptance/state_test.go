package acceptance

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/lab/hosts"
)

// state is what monctl could change on a host: for each path its type, mode,
// owner and content, for each unit how it is. Two states are equal exactly when
// nothing of that differs; data that a running component writes is left out.
type state map[string]string

// watched are the folders in which monctl has any business, and those where a
// mistake would do most harm. Users are in /etc.
var watched = []string{"etc", "opt", "usr/local", "var/lib/monctl"}

func stateOf(t *testing.T, h *hosts.Host) state {
	t.Helper()
	s, err := read(context.Background(), h)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// same wants a host to be as it was.
func same(t *testing.T, h *hosts.Host, before state) {
	t.Helper()
	if diff := cmp.Diff(before, stateOf(t, h)); diff != "" {
		t.Errorf("%s is not as it was (-before +after):\n%s", h.Name, diff)
	}
}

// uninstalled wants nothing of monctl on a host but empty folders and what a rollback of the removal needs.
func uninstalled(t *testing.T, h *hosts.Host) {
	t.Helper()
	got := stateOf(t, h)
	for path := range got {
		if slices.Contains([]string{"/etc/monctl", "/opt/monctl", "/var/lib/monctl"}, path) || strings.HasPrefix(path, "/var/lib/monctl/.host") {
			delete(got, path)
		}
	}
	if diff := cmp.Diff(lab.free.bare[h.Name], got); diff != "" {
		t.Errorf("%s has something left (-bare +now):\n%s", h.Name, diff)
	}
}

// read looks at the files from outside, where the host cannot notice it.
func read(ctx context.Context, h *hosts.Host) (state, error) {
	s := state{}
	for _, folder := range watched {
		err := filepath.WalkDir(filepath.Join(h.Root(), folder), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // gone meanwhile, or never there
			}
			if err != nil {
				return err
			}
			return s.add(h.Root(), path, d)
		})
		if err != nil {
			return nil, err
		}
	}
	if h.Kind == hosts.Plain {
		return s, nil
	}
	out, err := h.Exec(ctx, "systemctl show -p Id,ActiveState,UnitFileState,InvocationID 'monctl-*'; ls /run/monctl/pending 2>/dev/null || true")
	if err != nil {
		return nil, err
	}
	for paragraph := range strings.SplitSeq(out, "\n\n") {
		s["unit "+strings.ReplaceAll(strings.TrimSpace(paragraph), "\n", " ")] = ""
	}
	return s, nil
}

func (s state) add(root, path string, d fs.DirEntry) error {
	name := strings.TrimPrefix(path, root)
	if strings.HasPrefix(name, "/etc/") && (strings.HasSuffix(name, "-") || name == "/etc/.pwd.lock") {
		return nil // what useradd keeps of the files before
	}
	info, err := d.Info()
	if err != nil {
		return nil // gone meanwhile
	}
	owner, _ := info.Sys().(*syscall.Stat_t)
	line := fmt.Sprintf("%s %d:%d", info.Mode(), owner.Uid, owner.Gid)
	switch {
	case info.Mode().IsRegular():
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		line += fmt.Sprintf(" %x", sha256.Sum256(text))
	case info.Mode().Type() == fs.ModeSymlink:
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		line += " " + target
	}
	s[name] = line
	if d.IsDir() && filepath.Dir(name) == "/var/lib/monctl" && filepath.Base(name) != ".host" {
		return fs.SkipDir // the data of a component
	}
	return nil
}
