package doctor

import "fmt"

// tsdbSharedData finds two Prometheus on one data folder.
func tsdbSharedData() Check {
	return Check{
		ID: "tsdb/shared-data", Title: "one Prometheus has the data folder to itself",
		On: []string{"prometheus"}, Reads: []string{dataProbe}, Uses: []Shared{Journal},
		Judge: perDatabase("tsdb/shared-data", judgeSharedData),
		Doc: Doc{
			Symptom:  "`opening storage failed: lock DB directory: resource temporarily unavailable`; or, without a lock, blocks that vanish and samples out of order.",
			Cause:    "A second process was started by hand, by an old unit or by a container on the same folder. Debian's build uses no lock unless told so, and NFS may have none.",
			Evidence: "Device and inode of the folder of every process, and the journal.",
			Fix:      "Stop one of them. The file lock is not the cause and is not to be deleted: the kernel holds the lock, not the file.",
			Risk:     "None for stopping the one that should not run.",
			Source:   "prometheus tsdb/tsdbutil/dir_locker.go; prometheus#4761, #3590; Debian's prometheus 2.42 (use-lockfile is off)",
		},
	}
}

func judgeSharedData(s server) ([]Finding, error) {
	lines, _ := s.said("lock DB directory")
	dirs, _, err := s.Host.dataDirs()
	if err != nil {
		return nil, err
	}
	mine, err := s.data()
	if err != nil {
		return nil, err
	}
	for _, d := range dirs {
		if d.ID != "" && d.ID == mine.ID && d.PID != mine.PID && d.PID != 0 {
			return []Finding{{
				Level: Fail, Tag: "two", Title: "another process uses the same data folder",
				Evidence: append([]Evidence{Says("folder", mine.Path), Says("processes", fmt.Sprintf("%d, %d", min(d.PID, mine.PID), max(d.PID, mine.PID)))}, last(lines)...),
				Cause:    "Both write the same write-ahead log and delete each other's blocks.",
				Fix:      "stop the one that should not run, at once; do not delete the lock file",
			}}, nil
		}
	}
	if len(lines) > 0 && !s.Running {
		return []Finding{{
			Level: Fail, Tag: "lock", Title: "the data folder is locked", Evidence: last(lines),
			Cause: "Another process held the lock when this one started, or the file system has no locks (NFS).",
			Fix:   "find it with: fuser -v " + quote(mine.Path) + "/lock; do not delete the lock file",
		}}, nil
	}
	return nil, nil
}
