package doctor

import "fmt"

func lokiWALDisk() Check {
	const id = "loki/wal-disk"
	return Check{
		ID: id, Title: "Loki writes its log ahead of its chunks", On: lokiKinds, Needs: []Shared{Metrics}, After: []string{"install/disk", "install/read-only", "install/inodes"},
		Judge: perMetered(id, lokiKinds, func(_ Host, c Component) []Finding {
			n, _ := c.Metrics.Sum("loki_ingester_wal_disk_full_failures_total")
			if n == 0 {
				return nil
			}
			return one(Fail, fmt.Sprintf("Loki accepted lines %.0f times without writing them to disk", n), "the disk of its WAL is full; what was not flushed is lost at the next crash", "free space, then "+c.restart(), Number("loki_ingester_wal_disk_full_failures_total", n, "1"))
		}),
		Doc: Doc{
			Symptom:  "Nothing fails, and lines are missing after a crash.",
			Cause:    "With a full disk Loki goes on without its WAL.",
			Evidence: "loki_ingester_wal_disk_full_failures_total since its start.",
			Fix:      "Free space, turn retention on.",
			Risk:     "none",
			Source:   "Loki docs: WAL, disk full",
		},
	}
}
