package doctor

import (
	"slices"
	"strings"
)

// tsdbFilesystem finds data on a file system that loses or corrupts it.
func tsdbFilesystem() Check {
	return Check{
		ID: "tsdb/filesystem", Title: "the data lies on a local disk",
		On: []string{"prometheus"}, Reads: []string{dataProbe}, Uses: []Shared{Journal},
		Judge: perDatabase("tsdb/filesystem", judgeFilesystem),
		Doc: Doc{
			Symptom:  "`This filesystem is not supported and may lead to data corruption and data loss`, `lock DB directory: no locks available`; or all history is gone after a reboot.",
			Cause:    "The data folder is on NFS or another network file system, or in memory (tmpfs).",
			Evidence: "statfs of the data folder through the process.",
			Fix:      "Stop Prometheus, copy the folder to a local disk, change --storage.tsdb.path. --storage.tsdb.no-lockfile only hides it.",
			Risk:     "A gap while it is copied.",
			Source:   "prometheus docs/storage.md; prometheus#13390",
		},
	}
}

func judgeFilesystem(s server) ([]Finding, error) {
	d, err := s.data()
	if err != nil || d.Missing {
		return nil, err
	}
	if d.FS == "" {
		return []Finding{{Level: Unknown, Title: "cannot tell what the data lies on: stat said nothing"}}, nil
	}
	lines, _ := s.said("filesystem is not supported", "no locks available")
	evidence := append([]Evidence{Says("folder", d.Path), Says("file system", d.FS)}, last(lines)...)
	network := []string{"nfs", "nfs4", "smb", "smb2", "cifs", "9p", "v9fs", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs", "lustre"}
	switch {
	case slices.Contains(network, strings.ToLower(d.FS)):
		return []Finding{{
			Level: Fail, Tag: "network", Title: "the data lies on a network file system (" + d.FS + ")", Evidence: evidence,
			Cause: "Prometheus supports only local ones: locks and memory maps of others corrupt its data.",
			Fix:   "stop prometheus, copy " + quote(d.Path) + " to a local disk, set --storage.tsdb.path to it, start",
		}}, nil
	case d.FS == "tmpfs" || d.FS == "ramfs":
		return []Finding{{
			Level: Warn, Tag: "memory", Title: "the data lies in memory (" + d.FS + ")", Evidence: evidence,
			Cause: "All history is gone after a reboot.",
			Fix:   "stop prometheus, copy " + quote(d.Path) + " to a disk, set --storage.tsdb.path to it, start",
		}}, nil
	}
	return nil, nil
}
