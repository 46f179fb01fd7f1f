package doctor

// tsdbAdminAPI notes that no snapshot can be taken before a repair.
func tsdbAdminAPI() Check {
	return Check{
		ID: "tsdb/admin-api", Title: "a snapshot can be taken before a repair",
		After: []string{"tsdb/answers", "tsdb/head-in-future", "tsdb/blocks-in-future"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe},
		Ask:   asks(askFlags, askTSDB),
		Judge: perDatabase("tsdb/admin-api", judgeAdminAPI),
		Doc: Doc{
			Symptom:  "`admin APIs disabled` from /api/v1/admin/tsdb/snapshot.",
			Cause:    "The admin API is off, as it should be by default: it can delete data. It matters only when a running Prometheus' data is to be saved before a repair.",
			Evidence: "The flag web.enable-admin-api, noted only when samples lie in the future.",
			Fix:      "None needed: monctl data repair keeps a copy by hard links. Deleting series through the API does not cure samples in the future.",
			Risk:     "The admin API lets anybody who reaches the port delete data.",
			Source:   "prometheus docs/querying/api.md (TSDB Admin APIs); prometheus#13573",
		},
	}
}

func judgeAdminAPI(s server) ([]Finding, error) {
	flags, err := s.flags()
	if err != nil {
		return nil, err
	}
	future, _, dirErr := s.ahead()
	if flags["web.enable-admin-api"] == "true" || !s.tooFar() && (dirErr != nil || len(future) == 0) {
		return nil, nil
	}
	return []Finding{{
		Level: Note, Title: "the admin API is off: no snapshot can be taken before the repair",
		Evidence: []Evidence{Says("web.enable-admin-api", "false")},
		Cause:    "That is the default, and right.", Fix: "none needed: " + s.repair() + " keeps a copy by hard links",
	}}, nil
}
