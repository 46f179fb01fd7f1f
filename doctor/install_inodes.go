package doctor

import "fmt"

func installInodes() Check {
	const id = "install/inodes"
	return Check{
		ID:    id,
		Title: "there are inodes left on the disks of the stack",
		Judge: perHost(id, judgeInodes),
		Doc: Doc{
			Symptom:  "`no space left on device` although `df -h` shows free space.",
			Cause:    "The file system has a fixed number of inodes and many small files used them up.",
			Evidence: "statfs: free inodes of the total; a warning below 5 %, a failure below 1 %.",
			Fix:      "Find the directory with many small files: `du --inodes -xS / | sort -n | tail`.",
			Risk:     "none",
			Source:   "node_exporter docs/node-mixin NodeFilesystemAlmostOutOfFiles",
		},
	}
}

func judgeInodes(h Host) []Finding {
	var all []Finding
	for _, m := range h.stackMounts() {
		if m.Inodes == 0 {
			continue
		}
		share := float64(m.InodesFree) / float64(m.Inodes)
		if share >= diskWarnShare {
			continue
		}
		level := Warn
		if share < diskFailShare {
			level = Fail
		}
		all = append(all, Finding{
			Level: level, Tag: m.Path, Title: fmt.Sprintf("%s runs out of inodes: %s free", m.Path, percent(float64(m.InodesFree), float64(m.Inodes))),
			Cause: "many small files", Fix: "du --inodes -xS " + m.Path + " | sort -n | tail",
			Evidence: []Evidence{Number("free inodes", float64(m.InodesFree), "1"), Number("inodes", float64(m.Inodes), "1")},
		})
	}
	return all
}
