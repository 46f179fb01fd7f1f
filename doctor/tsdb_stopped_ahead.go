package doctor

// tsdbStoppedAhead finds a stopped Prometheus whose data were written while the clock was ahead: it must not just be started.
func tsdbStoppedAhead() Check {
	return Check{
		ID: "tsdb/stopped-ahead", Title: "a stopped Prometheus has no samples of the future",
		After: []string{"tsdb/future-retention", "tsdb/blocks-in-future", "clock/offset", "clock/stepped"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe}, Uses: []Shared{Clocks},
		Judge: perDatabase("tsdb/stopped-ahead", judgeStoppedAhead),
		Doc: Doc{
			Symptom:  "Prometheus was stopped to set the clock back (monctl doctor --fix does so) and is stopped still.",
			Cause:    "Its newest samples have the times of the clock that was ahead. Started as it is, it refuses samples of now as out of bounds until the time has caught up.",
			Evidence: "The time at which the newest segment of the WAL was written lies after the host's time, or after true time where it is known.",
			Fix:      "monctl data repair before it is started: it moves the samples of the future aside by renaming, with an undo.",
			Risk:     "None while it is stopped, but nothing is monitored.",
			Source:   "prometheus tsdb/head_append.go appendableMinValidTime; reproduced with 2.42",
		},
	}
}

func judgeStoppedAhead(s server) ([]Finding, error) {
	if s.Running {
		return nil, nil
	}
	d, err := s.data()
	if err != nil || d.Written.IsZero() {
		return nil, nil //nolint:nilerr // tsdb/data-path says what is wrong with the folder
	}
	now, known := s.now()
	if !known {
		return nil, errNoClock
	}
	if ahead := d.Written.Sub(now); ahead > aheadNoise {
		return []Finding{{
			Level: Fail, Title: "prometheus is stopped, and its newest samples are " + span(ahead) + " in the future",
			Evidence: []Evidence{Says("last written, by the clock of then", stamp(d.Written)), Says("now", stamp(now))},
			Cause:    "It was stopped when the clock was set back. Started as it is, it would refuse samples of now.",
			Fix:      s.repair(),
		}}, nil
	}
	return nil, nil
}
