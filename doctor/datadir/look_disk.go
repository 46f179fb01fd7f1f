package datadir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// lookAtDisk measures the directory and what it lies on, and returns the ID of every file in it.
func lookAtDisk(d Dir, i *Inspection) (map[fileID]string, error) {
	if err := statDisk(d.path, &i.Disk); err != nil {
		return nil, err
	}
	info, err := os.Lstat(d.path)
	if err != nil {
		return nil, err
	}
	i.Owner = ownerOf(d.path, info)
	i.Snapshots = snapshots(d)
	files := map[fileID]string{}
	err = filepath.WalkDir(d.path, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // a running server removes files
		case err != nil:
			return err
		case path == d.Store():
			return filepath.SkipDir
		}
		info, err := e.Info()
		if err != nil {
			return nil //nolint:nilerr // the same
		}
		i.Disk.Size += diskBytes(info)
		if !e.IsDir() {
			i.Disk.Files++
		}
		if path != d.path {
			files[idOf(info)] = rel(d.path, path)
		}
		if leftover(e.Name()) {
			i.Left = append(i.Left, rel(d.path, path))
		}
		return nil
	})
	return files, err
}

// snapshots lists the copies that a server made itself (tsdb/db.go Snapshot, web/api/v1/api.go snapshot).
func snapshots(d Dir) []string {
	if d.kind != Prometheus {
		return nil
	}
	entries, _ := os.ReadDir(filepath.Join(d.path, snapshotsName)) // most servers never made one
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

const labelAttribute = "security.selinux"

func ownerOf(path string, info fs.FileInfo) Owner {
	o := Owner{Mode: uint32(info.Mode().Perm())}
	if info.Mode()&fs.ModeSetgid != 0 {
		o.Mode |= unix.S_ISGID
	}
	if info.Mode()&fs.ModeSticky != 0 {
		o.Mode |= unix.S_ISVTX
	}
	if st, ok := info.Sys().(*unixStat); ok {
		o.UID, o.GID = int(st.Uid), int(st.Gid)
	}
	buf := make([]byte, 256)
	if n, err := unix.Lgetxattr(path, labelAttribute, buf); err == nil && n > 0 {
		o.Label = strings.TrimRight(string(buf[:n]), "\x00")
	}
	return o
}
