package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// unixStat is what os.FileInfo carries on Linux.
type unixStat = syscall.Stat_t

// fileID is what the kernel knows a directory by; it stays the same when it is renamed.
type fileID struct {
	Dev uint64 `json:"dev"`
	Ino uint64 `json:"ino"`
}

// identify gives the ID of what lies at a path, without following a link; the zero ID when nothing does.
func identify(path string) (fileID, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fileID{}, nil
	}
	if err != nil {
		return fileID{}, fmt.Errorf("look at: %w", err)
	}
	return idOf(info), nil
}

func idOf(info fs.FileInfo) fileID {
	st, ok := info.Sys().(*unixStat)
	if !ok {
		return fileID{}
	}
	return fileID{Dev: uint64(st.Dev), Ino: st.Ino} //nolint:unconvert // Dev is narrower on some architectures
}

// diskBytes is what a file takes on the disk.
func diskBytes(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*unixStat); ok {
		return st.Blocks * 512
	}
	return info.Size()
}
