package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// fileSystems names magic numbers of statfs(2), and says where locks may not work.
var fileSystems = map[int64]struct {
	name    string
	network bool
}{
	unix.EXT4_SUPER_MAGIC: {"ext4", false}, unix.XFS_SUPER_MAGIC: {"xfs", false}, unix.BTRFS_SUPER_MAGIC: {"btrfs", false},
	unix.TMPFS_MAGIC: {"tmpfs", false}, unix.OVERLAYFS_SUPER_MAGIC: {"overlay", false}, unix.F2FS_SUPER_MAGIC: {"f2fs", false},
	0x2fc12fc1: {"zfs", false}, unix.NFS_SUPER_MAGIC: {"nfs", true}, unix.SMB_SUPER_MAGIC: {"smb", true},
	unix.CIFS_SUPER_MAGIC: {"cifs", true}, unix.SMB2_SUPER_MAGIC: {"smb2", true}, unix.V9FS_MAGIC: {"9p", true},
	unix.FUSE_SUPER_MAGIC: {"fuse", true}, unix.CEPH_SUPER_MAGIC: {"ceph", true}, unix.AFS_SUPER_MAGIC: {"afs", true},
}

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

func statDisk(path string, disk *Disk) error {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return fmt.Errorf("%s: file system: %w", path, err)
	}
	kind, known := fileSystems[int64(st.Type)] //nolint:unconvert // Type is narrower on some architectures
	if !known {
		kind.name = fmt.Sprintf("%#x", st.Type)
	}
	free := st.Bavail
	if os.Geteuid() == 0 {
		free = st.Bfree
	}
	disk.Free = int64(free) * int64(st.Bsize) //nolint:unconvert // the same
	disk.Type, disk.Network = kind.name, kind.network
	disk.ReadOnly = st.Flags&unix.ST_RDONLY != 0
	return nil
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
