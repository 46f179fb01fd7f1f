package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// move is one rename; paths are relative to parentOf the directory. Ino says what is moved: the move has happened when To is that, and not
// yet when From is. So how far a list of moves is, is seen from what is there, and no counter can be wrong.
type move struct {
	From string `json:"from"`
	To   string `json:"to"`
	Ino  uint64 `json:"ino"`
}

// stays are the entries of a mount point that are not data.
func stays(name string) bool { return name == storeName || name == "lost+found" }

// movesAside plans the renames that put what is in place into a folder of the store.
func movesAside(d Dir, to string) ([]move, error) {
	if d.Missing() {
		return nil, nil
	}
	if !d.mount {
		return plannedMoves(d, []string{d.path}, []string{to})
	}
	return contentMoves(d, d.path, to)
}

// movesInto plans the renames that put a folder of the store in place.
func movesInto(d Dir, from string) ([]move, error) {
	if !d.mount {
		return plannedMoves(d, []string{from}, []string{d.path})
	}
	return contentMoves(d, from, d.path)
}

// contentMoves moves what is in a folder, one by one: a mount point itself cannot be renamed.
func contentMoves(d Dir, from, to string) ([]move, error) {
	entries, err := os.ReadDir(from)
	if err != nil {
		return nil, err
	}
	var froms, tos []string
	for _, e := range entries {
		if !stays(e.Name()) {
			froms, tos = append(froms, filepath.Join(from, e.Name())), append(tos, filepath.Join(to, e.Name()))
		}
	}
	return plannedMoves(d, froms, tos)
}

func plannedMoves(d Dir, froms, tos []string) ([]move, error) {
	var list []move
	for n := range froms {
		from, err1 := filepath.Rel(parentOf(d), froms[n])
		to, err2 := filepath.Rel(parentOf(d), tos[n])
		id, err3 := identify(froms[n])
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		if id.Ino == 0 {
			return nil, fmt.Errorf("%s is not there", froms[n])
		}
		list = append(list, move{from, to, id.Ino})
	}
	return list, nil
}

// forward makes the moves that have not happened.
func (x *execution) forward() error {
	for n, m := range x.m.Moves {
		if err := x.make(m, fmt.Sprintf("move %d", n)); err != nil {
			return err
		}
	}
	return nil
}

// backward undoes the moves that have happened, in reverse order.
func (x *execution) backward() error {
	for n, m := range slices.Backward(x.m.Moves) {
		if err := x.make(move{From: m.To, To: m.From, Ino: m.Ino}, fmt.Sprintf("undo %d", n)); err != nil {
			return err
		}
	}
	return nil
}

// make renames, unless that has happened.
func (x *execution) make(m move, point string) error {
	base := parentOf(x.dir)
	from, to := filepath.Join(base, m.From), filepath.Join(base, m.To)
	if !filepath.IsLocal(m.From) || !filepath.IsLocal(m.To) {
		return fmt.Errorf("the manifest names %s and %s, which are not in %s", m.From, m.To, base)
	}
	there, err := identify(to)
	if err != nil || there.Ino == m.Ino {
		return err
	}
	id, err := identify(from)
	if err != nil {
		return err
	}
	if id.Ino != m.Ino {
		return fmt.Errorf("neither %s nor %s is what was to be renamed", from, to)
	}
	if there.Ino != 0 {
		if err := x.stray(to); err != nil {
			return err
		}
	}
	x.at("before " + point)
	if err := os.Rename(from, to); err != nil {
		return err
	}
	x.at("after " + point)
	return errors.Join(syncDir(filepath.Dir(from)), syncDir(filepath.Dir(to)))
}

// stray puts away what somebody else made where something belongs: a Prometheus that was started in the middle makes an empty directory.
func (x *execution) stray(path string) error {
	if err := os.MkdirAll(x.m.path(strayName), 0o700); err != nil {
		return err
	}
	for n := 1; ; n++ {
		to := filepath.Join(x.m.path(strayName), strconv.Itoa(n))
		if exists(to) {
			continue
		}
		return os.Rename(path, to)
	}
}

// writeListing records names, sizes and times of the files in a folder; a restore compares.
func writeListing(folder, to string) error {
	var b strings.Builder
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		if path == filepath.Join(folder, storeName) {
			return filepath.SkipDir
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		size := info.Size()
		if e.IsDir() {
			size = -1
		}
		fmt.Fprintf(&b, "%d\t%d\t%q\n", size, info.ModTime().UnixNano(), rel(folder, path))
		return nil
	})
	if err != nil {
		return err
	}
	return writeSynced(to, []byte(b.String()))
}

// checkListing compares a folder with what was recorded of it: names and sizes.
func checkListing(folder, listing string) error {
	body, err := os.ReadFile(listing)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(body)) {
		w := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		if len(w) != 3 {
			return fmt.Errorf("%s: %q is no entry", listing, line)
		}
		name, err := strconv.Unquote(w[2])
		if err != nil || !filepath.IsLocal(name) {
			return fmt.Errorf("%s: %q is no entry", listing, line)
		}
		info, err := os.Lstat(filepath.Join(folder, name))
		if err != nil {
			return fmt.Errorf("what was put aside is not whole: %w", err)
		}
		if want, _ := strconv.ParseInt(w[0], 10, 64); !info.IsDir() && info.Size() != want {
			return fmt.Errorf("what was put aside was changed: %s has %d bytes, not %d", name, info.Size(), want)
		}
	}
	return nil
}
