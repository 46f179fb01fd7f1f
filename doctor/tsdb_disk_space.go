package doctor

import "fmt"

// tsdbDiskSpace finds a data folder that cannot be written: full, out of inodes, read-only, or soon so.
func tsdbDiskSpace() Check {
	return Check{
		ID: "tsdb/disk-space", Title: "the data has room to grow",
		After: []string{"install/disk", "install/inodes", "install/read-only"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe}, Uses: []Shared{Journal},
		Judge: perDatabase("tsdb/disk-space", judgeDiskSpace),
		Doc: Doc{
			Symptom:  "`write …/wal/…: no space left on device`, `compaction failed`, `read-only file system`.",
			Cause:    "The file system of the data folder has no blocks or inodes left, or the kernel made it read-only after an error. Compaction needs room of its own.",
			Evidence: "statfs of the data folder, the mount options and the journal. Low is under 10 % and under 10 GB, or under 5 % of inodes.",
			Fix:      "Free other files first, then lower --storage.tsdb.retention.size to 80 % of the disk. While it is full, Prometheus does not delete old blocks at its start.",
			Risk:     "A smaller retention deletes the oldest history.",
			Source:   "prometheus docs/storage.md; prometheus#10015, #13027",
		},
	}
}

func judgeDiskSpace(s server) ([]Finding, error) {
	d, err := s.data()
	if err != nil || d.Missing {
		return nil, err
	}
	if d.Size == 0 {
		return []Finding{{Level: Unknown, Title: "cannot tell how much room the data has: stat said nothing"}}, nil
	}
	evidence := []Evidence{Says("folder", d.Path), Number("free", float64(d.Free), "bytes"), Number("size", float64(d.Size), "bytes")}
	const full, low = 64 << 20, 10 << 30
	if m, ok := s.Host.Mount(d.Path); ok && m.ReadOnly && !d.Inside {
		lines, _ := s.said("read-only file system")
		return []Finding{{
			Level: Fail, Tag: "read-only", Title: "the data folder is on a read-only file system", Evidence: append(evidence, last(lines)...),
			Cause: m.Path + " is mounted read-only; after an error of the disk the kernel does that by itself.", Fix: "journalctl -k | grep -i 'i/o error\\|remount'; check the disk, then mount it again",
		}}, nil
	}
	if d.Inodes > 0 && d.InodesFree*20 < d.Inodes {
		return []Finding{{
			Level: Fail, Tag: "inodes", Title: fmt.Sprintf("%d of %d inodes are free", d.InodesFree, d.Inodes), Evidence: evidence,
			Cause: "No new file can be made when they are used up, however much room there is.", Fix: "find what holds many small files: du --inodes -x -d 2 " + quote(d.Path),
		}}, nil
	}
	switch {
	case d.Free < full:
		lines, _ := s.said("no space left on device")
		return []Finding{{
			Level: Fail, Tag: "full", Title: "the disk of the data is full", Evidence: append(evidence, last(lines)...),
			Cause: "Samples are lost, and compaction has no room to free any.", Fix: "free other files on it first; then set --storage.tsdb.retention.size to 80 % of the disk",
		}}, nil
	case d.Free*10 < d.Size && d.Free < low:
		return []Finding{{
			Level: Warn, Tag: "low", Title: fmt.Sprintf("%s of the disk of the data is free", percent(float64(d.Free), float64(d.Size))), Evidence: evidence,
			Cause: "A compaction needs room for the block that it writes, up to a tenth of the history.", Fix: "set --storage.tsdb.retention.size to 80 % of the disk, or enlarge it",
		}}, nil
	}
	return nil, nil
}
