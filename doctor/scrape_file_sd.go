package doctor

import "fmt"

func scrapeFileSD() Check {
	return Check{
		ID: "scrape/file-sd", Title: "the lists of targets can be read",
		After: []string{downAfter},
		Needs: []Shared{Metrics}, Uses: []Shared{Journal},
		Ask:   asks(askConfig, askTargets, askRuntime, askEarlier),
		Judge: perServer("scrape/file-sd", judgeFileSD),
		Doc: Doc{
			Symptom:  "`Error reading file` in the log; a changed list of targets has no effect.",
			Cause:    "A file_sd file is no valid YAML or JSON, or may not be read: Prometheus keeps the last good list.",
			Evidence: "prometheus_sd_file_read_errors_total over ten minutes or since the start, and the journal.",
			Fix:      "Correct the file; it is read again by itself.",
			Risk:     "None.",
			Source:   "prometheus discovery/file/file.go",
		},
	}
}

func judgeFileSD(s server) ([]Finding, error) {
	c, err := s.config()
	if err != nil {
		return nil, err
	}
	uses := false
	for _, j := range c.Jobs {
		uses = uses || len(j.Files) > 0
	}
	if !uses {
		return nil, nil
	}
	const counter = "prometheus_sd_file_read_errors_total"
	n, err := s.metric(counter)
	if err != nil || n == 0 {
		return nil, err
	}
	by, known := s.rise(counter)
	if known && by == 0 {
		return nil, nil
	}
	lines, _ := s.said("Error reading file")
	level := Fail
	if !known {
		level = Warn
	}
	return []Finding{{
		Level: level, Title: fmt.Sprintf("a list of targets could not be read %s", count(int(n), "time", "times")),
		Evidence: append([]Evidence{Number(counter, n, "1")}, last(lines)...),
		Cause:    "A file_sd file is not valid or may not be read. The last good list stays in force.", Fix: "promtool check config " + quote(orUnknown(s.Flags["config.file"])) + " checks those files, too",
	}}, nil
}
