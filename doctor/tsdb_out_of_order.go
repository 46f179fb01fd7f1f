package doctor

// tsdbOutOfOrder finds samples refused because their series has a newer one (gate 3).
func tsdbOutOfOrder() Check {
	return Check{
		ID: "tsdb/out-of-order", Title: "samples arrive in order",
		After: []string{"tsdb/answers", "tsdb/head-in-future", "tsdb/frozen-scrape-clock", "scrape/duplicate-targets", "clock/offset", "clock/stepped"},
		On:    []string{"prometheus"}, Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Ask:   asks(askTSDB, askTargets, askRuntime, askEarlier),
		Judge: perDatabase("tsdb/out-of-order", judgeOutOfOrder),
		Doc: Doc{
			Symptom:  "`Error on ingesting out-of-order samples`.",
			Cause:    "Two targets write the same series in turn, or the clock stepped back by less than an hour and Prometheus was restarted.",
			Evidence: "prometheus_target_scrapes_sample_out_of_order_total and prometheus_tsdb_out_of_order_samples_total over ten minutes, or the journal; headStats.maxTime tells the two causes apart.",
			Fix:      "Make job and instance unique; after a step of the clock wait until the newest sample is past.",
			Risk:     "None.",
			Source:   "prometheus tsdb/head_append.go appendable; robustperception.io, Debugging out of order samples",
		},
	}
}

const scrapeOutOfOrder = "prometheus_target_scrapes_sample_out_of_order_total"

func judgeOutOfOrder(s server) ([]Finding, error) {
	n, sure, err := s.rejected(scrapeOutOfOrder, saysOutOfOrder)
	if err != nil || n == 0 {
		return nil, err
	}
	if !sure {
		return unsureRejected(scrapeOutOfOrder, n), nil
	}
	lines, _ := s.said(saysOutOfOrder)
	found := Finding{
		Level: Warn, Title: "samples are refused as out of order",
		Evidence: append([]Evidence{Number(scrapeOutOfOrder, n, "1")}, last(lines)...),
		Cause:    "Gate 3: another target, or another sender, writes the same series with newer time stamps.",
		Fix:      "give each target labels of its own (job, instance)",
	}
	if newest, ok, err := s.newest(); err == nil && ok && newest.Ahead > aheadNoise && newest.Ahead <= appendBehind {
		found.Level = Fail
		found.Cause = "Gate 3: the newest samples are " + span(newest.Ahead) + " in the future, since the clock stepped back. It heals at " + stamp(newest.Max) + "."
		found.Fix = "wait until " + stamp(newest.Max) + ", or " + s.repair()
	}
	if len(lines) > 0 {
		found.Since = lines[0].At
	}
	return []Finding{found}, nil
}
