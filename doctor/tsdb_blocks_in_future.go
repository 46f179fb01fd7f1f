package doctor

import "fmt"

// tsdbBlocksInFuture finds blocks of samples that are newer than now.
func tsdbBlocksInFuture() Check {
	return Check{
		ID: "tsdb/blocks-in-future", Title: "no block lies in the future",
		After: []string{"tsdb/future-retention", "clock/offset", "clock/stepped"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe}, Uses: []Shared{Clocks},
		Judge: perDatabase("tsdb/blocks-in-future", judgeBlocksInFuture),
		Doc: Doc{
			Symptom:  "Samples are refused as out of bounds even after a restart; graphs have points in the future.",
			Cause:    "The clock was ahead for more than three hours, so that samples with future time stamps were written into blocks. At a start, everything older than the newest block is refused.",
			Evidence: "minTime and maxTime of every meta.json in the data folder of the process, against the host's clock or true time.",
			Fix:      "monctl data repair writes the folder anew without the future, beside the old one, which is kept for an undo (monctl data restore). Do not restart Prometheus before: at a start with future blocks it throws away what is only in its WAL.",
			Risk:     "Low with renaming. A restart first loses up to three hours.",
			Source:   "prometheus tsdb/db.go reload, inOrderBlocksMaxTime; reproduced with 2.42",
		},
	}
}

// ahead gives the blocks that begin after now, and those that begin before and end after it.
func (s server) ahead() (future, across []block, err error) {
	d, err := s.data()
	if err != nil {
		return nil, nil, err
	}
	now, known := s.now()
	if !known {
		return nil, nil, errNoClock
	}
	for _, b := range d.Blocks {
		if b.Min.After(now.Add(aheadNoise)) {
			future = append(future, b)
		} else if b.Max.After(now.Add(aheadNoise)) {
			across = append(across, b)
		}
	}
	return future, across, nil
}

func judgeBlocksInFuture(s server) ([]Finding, error) {
	future, _, err := s.ahead()
	if err != nil || len(future) == 0 {
		return nil, err
	}
	low, high := bounds(future)
	return []Finding{{
		Level: Fail, Title: fmt.Sprintf("%s in the future", count(len(future), "block lies", "blocks lie")),
		Evidence: []Evidence{Says("from", stamp(low)), Says("to", stamp(high)), Says("the first", future[0].ULID)},
		Cause:    "They were written while the clock was ahead. Samples older than " + stamp(high) + " are refused at the next start, and retention counts from there.",
		Fix:      s.repair() + " (do not restart prometheus before)",
	}}, nil
}
