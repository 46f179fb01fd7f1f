package runtime

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/prometheus/prometheus/tsdb/tsdbutil"
)

// InUseError is a data folder that another process holds.
type InUseError struct {
	Dir, Holder string // Holder is "process 12 (prometheus)", or "" when it cannot be seen
}

func (e *InUseError) Error() string {
	if e.Holder == "" {
		return fmt.Sprintf("%s: in use by another process", e.Dir)
	}
	return fmt.Sprintf("%s: in use by %s", e.Dir, e.Holder)
}

// lockData makes the folder and takes upstream's lock on it, before anything in it is looked at or repaired. Some builds
// of Prometheus take no lock, so open files of other processes count as well.
func lockData(dir string, logger *slog.Logger) (*tsdbutil.DirLocker, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, folderError(dir, err)
	}
	if why := obstacle(dir); why != "" { // before upstream says it of the first file that it happens to want
		return nil, &FolderError{Dir: dir, Why: why, Cause: fs.ErrPermission}
	}
	if holder := holderOf(dir); holder != "" {
		return nil, &InUseError{Dir: dir, Holder: holder}
	}
	lock, err := tsdbutil.NewDirLocker(dir, "tsdb", logger, nil)
	if err != nil {
		return nil, folderError(dir, err)
	}
	if err := lock.Lock(); err != nil {
		if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &InUseError{Dir: dir}
		}
		return nil, folderError(dir, err)
	}
	return lock, nil
}

// holderOf finds a process of this machine that has a WAL segment or the lock of the folder open.
func holderOf(dir string) string {
	abs, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return ""
	}
	if abs, err = filepath.Abs(abs); err != nil {
		return ""
	}
	return holderOfFile(func(target string) bool {
		return target == filepath.Join(abs, "lock") || filepath.Dir(target) == filepath.Join(abs, "wal")
	})
}
