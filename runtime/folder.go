package runtime

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// FolderError is a data folder that cannot be made, entered or written to. Why names the place that is in the way.
type FolderError struct {
	Dir, Why string
	Cause    error
}

func (e *FolderError) Error() string { return fmt.Sprintf("data folder %s: %s", e.Dir, e.Why) }

// Unwrap gives the cause.
func (e *FolderError) Unwrap() error { return e.Cause }

// folderError says in words why a folder, an absolute path, cannot be used.
func folderError(dir string, err error) error {
	e := &FolderError{Dir: dir, Why: err.Error(), Cause: err}
	if why := obstacle(dir); why != "" {
		e.Why = why
	}
	return e
}

// obstacle looks at a path from the root on for what is no folder, or not open to this user; "" when nothing is in the way.
func obstacle(path string) string {
	var parent fs.FileInfo
	for _, at := range ancestors(path) {
		info, err := os.Stat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist) && parent != nil:
			if _, err := os.Lstat(at); err == nil {
				return at + " is a link to nothing"
			}
			return closed(filepath.Dir(at), parent, unix.W_OK) // where it would be made
		case err != nil:
			return ""
		case !info.IsDir():
			return at + " is a file, not a folder"
		}
		if why := closed(at, info, unix.X_OK); why != "" {
			return why
		}
		parent = info
	}
	if why := closed(path, parent, unix.R_OK); why != "" {
		return why
	}
	return closed(path, parent, unix.W_OK)
}

// ancestors are the folders of an absolute path from the root on, itself the last.
func ancestors(path string) []string {
	all := []string{path}
	for parent := filepath.Dir(path); parent != path; path, parent = parent, filepath.Dir(parent) {
		all = append(all, parent)
	}
	slices.Reverse(all)
	return all
}

// closed says why this user may not enter a folder (unix.X_OK), list it (unix.R_OK) or write to it (unix.W_OK).
func closed(path string, info fs.FileInfo, how uint32) string {
	err := unix.Faccessat(unix.AT_FDCWD, path, how, unix.AT_EACCESS)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, syscall.EROFS):
		return path + " is on a file system that is mounted read-only"
	}
	deed := map[uint32]string{unix.X_OK: "enter", unix.R_OK: "read", unix.W_OK: "write to"}[how]
	return fmt.Sprintf("%s may not %s %s, which is %s", currentUser(), deed, path, owned(info))
}

// owned is "root's, mode 0755".
func owned(info fs.FileInfo) string {
	who := "another user"
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		who = userName(strconv.FormatUint(uint64(stat.Uid), 10))
	}
	return fmt.Sprintf("%s's, mode %04o", who, info.Mode().Perm())
}
