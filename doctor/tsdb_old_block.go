package doctor

import (
	"fmt"
	"time"
)

// tsdbOldBlock finds blocks from a time at which there was no such host: the clock was far behind.
func tsdbOldBlock() Check {
	return Check{
		ID: "tsdb/old-block", Title: "no block is older than monitoring can be",
		On: []string{"prometheus"}, Reads: []string{dataProbe},
		Judge: perDatabase("tsdb/old-block", judgeOldBlock),
		Doc: Doc{
			Symptom:  "A gap of years in the history, or a block of 1970.",
			Cause:    "Prometheus started before the clock was set, with an empty data folder, and stored samples at the time the clock showed.",
			Evidence: "minTime in meta.json before Prometheus existed (2012). Blocks that are only a little too old cannot be told.",
			Fix:      "Nothing: retention by time deletes it. Order Prometheus after time-sync.target, so that it does not happen again.",
			Risk:     "None.",
			Source:   "prometheus#10028; tsdb/head_append.go",
		},
	}
}

func judgeOldBlock(s server) ([]Finding, error) {
	d, err := s.data()
	if err != nil {
		return nil, err
	}
	var old []block
	for _, b := range d.Blocks {
		if !b.Min.IsZero() && b.Min.Before(time.Date(2012, 11, 24, 0, 0, 0, 0, time.UTC)) {
			old = append(old, b)
		}
	}
	if len(old) == 0 {
		return nil, nil
	}
	return []Finding{{
		Level: Note, Title: fmt.Sprintf("%s from before Prometheus existed", count(len(old), "block is", "blocks are")),
		Evidence: []Evidence{Says("block", old[0].ULID), Says("from", stamp(old[0].Min)), Says("to", stamp(old[0].Max))},
		Cause:    "Samples were stored while the clock was far behind.",
		Fix:      "none needed; add After=time-sync.target to the unit",
	}}, nil
}
