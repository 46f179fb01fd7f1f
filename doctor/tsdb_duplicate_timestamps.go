package doctor

// tsdbDuplicateTimestamps finds samples refused because their series has another value at that time (gate 4).
func tsdbDuplicateTimestamps() Check {
	return Check{
		ID: "tsdb/duplicate-timestamps", Title: "each series has one value at a time",
		After: []string{"tsdb/answers", "tsdb/frozen-scrape-clock", "scrape/duplicate-targets", "scrape/content", "scrape/limit", "clock/offset", "clock/stepped"},
		On:    []string{"prometheus"}, Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Ask:   asks(askTSDB, askTargets, askRuntime, askEarlier),
		Judge: perDatabase("tsdb/duplicate-timestamps", judgeDuplicates),
		Doc: Doc{
			Symptom:  "`Error on ingesting samples with different value but same timestamp`.",
			Cause:    "Two targets with the same labels, a metric_relabel rule that drops a distinguishing label, an exporter that shows a series twice, or a frozen scrape clock.",
			Evidence: "prometheus_target_scrapes_sample_duplicate_timestamp_total over ten minutes, or the journal.",
			Fix:      "Make labels unique. --log.level=debug names the series.",
			Risk:     "None.",
			Source:   "prometheus tsdb/head_append.go, CHANGELOG 2.52 (#12933)",
		},
	}
}

const scrapeDuplicates = "prometheus_target_scrapes_sample_duplicate_timestamp_total"

func judgeDuplicates(s server) ([]Finding, error) {
	n, sure, err := s.rejected(scrapeDuplicates, saysDuplicate)
	if err != nil || n == 0 {
		return nil, err
	}
	if !sure {
		return unsureRejected(scrapeDuplicates, n), nil
	}
	lines, _ := s.said(saysDuplicate)
	found := Finding{
		Level: Warn, Title: "samples are refused as duplicates",
		Evidence: append([]Evidence{Number(scrapeDuplicates, n, "1")}, last(lines)...),
		Cause:    "Gate 4: a series gets two values for one time.",
		Fix:      "give each target labels of its own; look for metric_relabel_configs that drop one",
	}
	if frozen, ahead, err := s.frozen(); err == nil && len(frozen) > 0 {
		found.Level = Fail
		found.Cause = "Gate 4: the scrape clock is frozen " + span(ahead) + " in the future, so every scrape has the same time."
		found.Fix = s.restartOrRepair()
	}
	if len(lines) > 0 {
		found.Since = lines[0].At
	}
	return []Finding{found}, nil
}
