package datadir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var errNoSpace = errors.New("no space is left on the file system")

// spaceError makes a full disk recognizable.
func spaceError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", errNoSpace, err)
	}
	return err
}

// writtenInPlace says that a file of a TSDB may be written again where it is. Everything else is written once: blocks, segments that a
// process began before, files of chunks. Prometheus begins new ones when it starts, and replaces tombstones and meta.json by rename.
func writtenInPlace(name string) bool {
	return name == "queries.active" || name == "lock" || name == "series_state.json"
}

// clone copies a tree: hard links where that is safe, copies elsewhere, with owner, mode, label and times.
func (x *execution) clone(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case path == filepath.Join(from, storeName), e.Name() == "lost+found" && e.IsDir():
			return filepath.SkipDir
		case path != from && e.Name() == "lock" && filepath.Dir(path) == from:
			return nil
		}
		return x.cloneEntry(path, filepath.Join(to, rel(from, path)), e)
	})
}

func (x *execution) cloneEntry(from, to string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	switch {
	case e.IsDir():
		if err := os.Mkdir(to, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return spaceError(err)
		}
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case !info.Mode().IsRegular():
		return nil // sockets and pipes hold nothing
	case x.dir.kind == Prometheus && !writtenInPlace(e.Name()):
		x.at("link")
		return spaceError(os.Link(from, to))
	default:
		if err := copyFile(from, to); err != nil {
			return err
		}
	}
	return likeOriginal(to, ownerOf(from, info), info.ModTime())
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return spaceError(errors.Join(err, out.Close()))
}

// likeOriginal gives a file or folder the owner, mode and label of another.
func likeOriginal(path string, o Owner, modified time.Time) error {
	if os.Geteuid() == 0 {
		if err := os.Lchown(path, o.UID, o.GID); err != nil {
			return err
		}
	}
	if err := unix.Chmod(path, o.Mode); err != nil {
		return fmt.Errorf("%s: mode: %w", path, err)
	}
	if o.Label != "" {
		if err := unix.Lsetxattr(path, labelAttribute, []byte(o.Label), 0); err != nil && !errors.Is(err, unix.ENOTSUP) {
			return fmt.Errorf("%s: SELinux label: %w", path, err)
		}
	}
	if modified.IsZero() {
		return nil
	}
	return os.Chtimes(path, modified, modified)
}

// dress gives what was written anew the owner and label of the directory, and the mode of what it replaces. Hard links are left
// alone: they are the old files.
func (x *execution) dress(to string) error {
	return filepath.WalkDir(to, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*unixStat); ok && !e.IsDir() && st.Nlink > 1 {
			return nil
		}
		o := x.plan.Owner
		if path != to {
			o.Mode = uint32(info.Mode().Perm())
			if old, err := os.Lstat(filepath.Join(x.dir.path, rel(to, path))); err == nil {
				o = ownerOf(filepath.Join(x.dir.path, rel(to, path)), old)
			} else if e.IsDir() && strings.Count(rel(to, path), "/") == 0 {
				o.Mode = x.plan.Owner.Mode
			}
		}
		return likeOriginal(path, o, time.Time{})
	})
}

// syncAll waits until what was written anew below a folder is on the disk; what is linked was before.
func syncAll(folder string) error {
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*unixStat); !e.IsDir() && (!info.Mode().IsRegular() || ok && st.Nlink > 1) {
			return nil
		}
		return spaceError(syncDir(path))
	})
}
