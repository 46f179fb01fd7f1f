package doctor

import "fmt"

// tsdbBlockCorrupt finds blocks that cannot be read.
func tsdbBlockCorrupt() Check {
	return Check{
		ID: "tsdb/block-corrupt", Title: "every block is whole",
		After: []string{"install/disk", "tsdb/disk-space", "tsdb/filesystem"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe}, Uses: []Shared{Journal},
		Judge: perDatabase("tsdb/block-corrupt", judgeBlockCorrupt),
		Doc: Doc{
			Symptom:  "`Failed to read meta.json for a block during reloadBlocks. Skipping`, `corrupted block ULID: invalid magic number 0`, `invalid size`; gaps in the history.",
			Cause:    "A block was torn by a crash, a full or bad disk, or NFS; or a copy is not complete.",
			Evidence: "Blocks without a meta.json or an index, or with empty ones, and the journal. Bytes that are wrong inside a file are found only by promtool tsdb analyze.",
			Fix:      "monctl data repair leaves that block out and keeps it aside; a backup can replace it.",
			Risk:     "The time range of that block.",
			Source:   "prometheus tsdb/db.go openBlocks, tsdb/index/index.go; prometheus#10679, #3534",
		},
	}
}

func judgeBlockCorrupt(s server) ([]Finding, error) {
	d, err := s.data()
	if err != nil {
		return nil, err
	}
	lines, _ := s.said("Failed to read meta.json", "corrupted block", "invalid magic number")
	if len(d.Broken) == 0 && len(lines) == 0 {
		return nil, nil
	}
	found := Finding{
		Level: Fail, Title: "a block cannot be read", Evidence: last(lines),
		Cause: "Its files are not complete. What it held cannot be queried, and compaction may stop at it.", Fix: s.repair(),
	}
	if n := len(d.Broken); n > 0 {
		found.Title = fmt.Sprintf("%s not complete", count(n, "block is", "blocks are"))
		found.Evidence = append(found.Evidence, Says("block", d.Broken[0]))
	} else if s.Running {
		found.Level, found.Title = Warn, "a block could not be read since the last boot"
	}
	return []Finding{found}, nil
}
