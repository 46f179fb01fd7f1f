package doctor

import "fmt"

// tsdbHeadChunks finds damaged chunk files of the head.
func tsdbHeadChunks() Check {
	return Check{
		ID: "tsdb/head-chunks", Title: "the head's chunk files are whole",
		After: []string{"install/disk", "tsdb/disk-space", "tsdb/filesystem"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe}, Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Judge: perDatabase("tsdb/head-chunks", judgeHeadChunks),
		Doc: Doc{
			Symptom:  "`Loading on-disk chunks failed`, `Deletion of corrupted mmap chunk files failed, discarding chunk files completely`, or `opening storage failed: found unsequential head chunk files`.",
			Cause:    "A crash or a bad disk; or a file of chunks_head/ was deleted.",
			Evidence: "prometheus_tsdb_mmap_chunk_corruptions_total, the journal, and the numbers of the files.",
			Fix:      "Prometheus rebuilds them from the WAL. When a number is missing it does not start: monctl data repair writes the folder anew from what can be read. Never remove wal/ and keep chunks_head/: old chunks then attach to other series without a word.",
			Risk:     "Low while the WAL is whole.",
			Source:   "prometheus tsdb/chunks/head_chunks.go, tsdb/head.go removeCorruptedMmappedChunks; prometheus#7412, #10838",
		},
	}
}

func judgeHeadChunks(s server) ([]Finding, error) {
	d, err := s.data()
	if err != nil {
		return nil, err
	}
	if d.Chunks.gap() {
		return []Finding{{
			Level: Fail, Tag: "gap", Title: "a chunk file of the head is missing: the next start fails",
			Evidence: []Evidence{Number("files there", float64(d.Chunks.Count), "1"), Says("first and last", fmt.Sprintf("%d, %d", d.Chunks.First, d.Chunks.Last))},
			Cause:    "Prometheus says `found unsequential head chunk files`.", Fix: s.repair(),
		}}, nil
	}
	lines, known := s.said("Loading on-disk chunks failed", "corrupted mmap chunk", "unsequential head chunk files")
	n, err := s.metric("prometheus_tsdb_mmap_chunk_corruptions_total")
	if n == 0 && len(lines) == 0 {
		if err != nil && !known {
			return nil, err
		}
		return nil, nil
	}
	return []Finding{{
		Level: Warn, Tag: "corrupt", Title: "chunk files of the head were damaged",
		Evidence: append([]Evidence{Number("prometheus_tsdb_mmap_chunk_corruptions_total", n, "1")}, last(lines)...),
		Cause:    "Prometheus dropped the damaged part at its start and read it from the write-ahead log again.",
		Fix:      "look for the cause: journalctl -k for errors of the disk, and for a kill",
	}}, nil
}
