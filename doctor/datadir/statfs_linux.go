package datadir

import (
	"fmt"
	"os"

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

// statDisk asks what a path lies on.
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
