package doctor

// tsdbBlockAcrossNow finds a block that begins before and ends after now: samples are refused until its end.
func tsdbBlockAcrossNow() Check {
	return Check{
		ID: "tsdb/block-across-now", Title: "every block ends before now",
		After: []string{"tsdb/future-retention", "tsdb/head-in-future", "tsdb/blocks-in-future", "clock/offset", "clock/stepped"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe}, Uses: []Shared{Clocks},
		Judge: perDatabase("tsdb/block-across-now", judgeBlockAcrossNow),
		Doc: Doc{
			Symptom:  "Samples are still out of bounds after future blocks and the WAL were removed, until the next even two hours.",
			Cause:    "When a jump of the clock makes the head be written early, the end of its block is rounded up to two hours. Everything before that end is refused.",
			Evidence: "minTime and maxTime of meta.json around now. A healthy block ends at least an hour ago.",
			Fix:      "Wait until its end, or storage.tsdb.out_of_order_time_window: 2h until then, with a restart; monctl data repair rewrites the block with its exact end.",
			Risk:     "None for waiting.",
			Source:   "prometheus tsdb/db.go rangeForTimestamp, inOrderBlocksMaxTime; reproduced with 2.42",
		},
	}
}

func judgeBlockAcrossNow(s server) ([]Finding, error) {
	_, across, err := s.ahead()
	if err != nil || len(across) == 0 {
		return nil, err
	}
	low, high := bounds(across)
	return []Finding{{
		Level: Fail, Title: "a block ends after now: samples are refused until " + stamp(high),
		Evidence: []Evidence{Says("block", across[0].ULID), Says("from", stamp(low)), Says("to", stamp(high))},
		Cause:    "Its end was rounded up when it was written, or it holds samples of a clock that was ahead.",
		Fix:      "wait until " + stamp(high) + ", or " + s.repair(),
	}}, nil
}
