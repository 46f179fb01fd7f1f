package doctor

import "fmt"

// tsdbSamplesAhead finds a remote-write receiver that takes samples from any time.
func tsdbSamplesAhead() Check {
	return Check{
		ID: "tsdb/samples-ahead", Title: "a sender with a wrong clock cannot stop ingestion",
		After: []string{"tsdb/answers", "tsdb/head-in-future"},
		On:    []string{"prometheus"}, Needs: []Shared{Metrics},
		Ask:   asks(askFlags, askTSDB),
		Judge: perDatabase("tsdb/samples-ahead", judgeSamplesAhead),
		Doc: Doc{
			Symptom:  "One host with an empty clock battery sends one sample, and the whole server stores nothing more.",
			Cause:    "Before 2.54 the remote-write receiver takes samples from any time in the future; scraping refuses them from 10 minutes on.",
			Evidence: "The version of prometheus_build_info and the flag web.enable-remote-write-receiver.",
			Fix:      "Upgrade to 2.54 or later.",
			Risk:     "That of an upgrade.",
			Source:   "prometheus#13573, #14304 (storage/remote/write_handler.go)",
		},
	}
}

func judgeSamplesAhead(s server) ([]Finding, error) {
	flags, err := s.flags()
	if err != nil {
		return nil, err
	}
	version := s.versionOf()
	open := flags["web.enable-remote-write-receiver"] == "true"
	if !open || !olderThan(version, 2, 54) {
		return nil, nil
	}
	level := Warn
	if s.tooFar() {
		level = Fail
	}
	return []Finding{{
		Level: level, Title: "the remote-write receiver takes samples from any time in the future",
		Evidence: []Evidence{Says("version", version), Says("web.enable-remote-write-receiver", "true")},
		Cause:    fmt.Sprintf("Version %s has no limit there; one sender with a wrong clock makes every other sample out of bounds.", version),
		Fix:      "upgrade to 2.54 or later: monctl upgrade prometheus",
	}}, nil
}
