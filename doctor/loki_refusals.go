package doctor

import "regexp"

func lokiTooNew() Check {
	return refused(refusal{
		id: "loki/too-new", title: "log lines do not come from the future", said: regexp.MustCompile(`has timestamp too new`), reasons: []string{"too_far_in_future"}, after: []string{"clock/offset"},
		says: "their time lies in the future", cause: "the agent's clock is ahead, Loki's is behind, or local time is read as UTC (Korea: 9 h)", fix: "monctl doctor time-drift; or location: in the timestamp stage",
		doc: Doc{
			Symptom: "`entry for stream '…' has timestamp too new: …` (400)", Cause: "A clock, or a timestamp stage without its zone. Loki accepts 10 minutes (creation_grace_period).",
			Evidence: refusedEvidence, Fix: "Correct the clock; `location: Asia/Seoul` in the timestamp stage.", Risk: "low", Source: "loki pkg/validation/validate.go; creation_grace_period",
		},
	})
}

func lokiTooOld() Check {
	return refused(refusal{
		id: "loki/too-old", title: "log lines are not too old", said: regexp.MustCompile(`has timestamp too old`), reasons: []string{"greater_than_max_sample_age"}, after: []string{"loki/positions", "clock/offset"},
		says: "they are older than a week", cause: "the first read of old files, or the positions file was lost", fix: "a drop stage with older_than: 168h; keep the positions file; raise reject_old_samples_max_age for an import",
		doc: Doc{
			Symptom: "`entry for stream '…' has timestamp too old: …, oldest acceptable timestamp is: …` (400)", Cause: "Lines older than reject_old_samples_max_age (168 h).",
			Evidence: refusedEvidence, Fix: "As the finding says. The lines are dropped: a 400 is not tried again.", Risk: "low", Source: "loki pkg/validation/validate.go; loki#9877",
		},
	})
}

func lokiTooFarBehind() Check {
	return refused(refusal{
		id: "loki/too-far-behind", title: "log lines of a stream come in order", said: regexp.MustCompile(`entry too far behind|entry out of order`), reasons: []string{"too_far_behind", "out_of_order"}, after: []string{"clock/offset", "loki/too-new"},
		says: "their stream is far ahead of them", cause: "one line from the future moved the stream ahead, or two agents share one stream", fix: "correct the clock, then wait an hour; a label that keeps the two apart",
		doc: Doc{
			Symptom: "`entry too far behind, entry timestamp is: X, oldest acceptable timestamp is: Y`", Cause: "A line may be at most max_chunk_age/2 (1 h) older than the newest of its stream.",
			Evidence: refusedEvidence, Fix: "As the finding says.", Risk: "low", Source: "loki pkg/chunkenc/interface.go",
		},
	})
}

func lokiRateLimited() Check {
	return refused(refusal{
		id: "loki/rate-limited", title: "agents stay below Loki's limit of bytes", said: regexp.MustCompile(`(?i)ingestion rate limit exceeded|per stream rate limit exceeded`), reasons: []string{"rate_limited", "per_stream_rate_limit"},
		says: "too many bytes per second", cause: "one noisy source, or more hosts than the default of 4 MB/s (3 MB/s per stream) allows", fix: "drop noise at the agent, split the stream by a label, or raise ingestion_rate_mb and per_stream_rate_limit",
		doc: Doc{
			Symptom: "`Ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec)`, `Per stream rate limit exceeded` (429)", Cause: "The limits of a tenant or of a stream.",
			Evidence: refusedEvidence, Fix: "As the finding says.", Risk: "higher limits take memory", Source: "loki pkg/validation/validate.go; limits_config",
		},
	})
}

func lokiStreamLimit() Check {
	return refused(refusal{
		id: "loki/stream-limit", title: "agents make few streams", said: regexp.MustCompile(`(?i)maximum active stream limit exceeded`), reasons: []string{"stream_limit"},
		says: "too many streams", cause: "a label that has many values: a file name, a request id", fix: "take that label away: logcli series --analyze-labels '{}'",
		doc: Doc{
			Symptom: "`Maximum active stream limit exceeded, reduce the number of active streams` (429)", Cause: "Every set of labels is a stream; 5000 per tenant by default.",
			Evidence: refusedEvidence, Fix: "Remove the label; structured metadata holds such values.", Risk: "low", Source: "loki pkg/validation/validate.go",
		},
	})
}

func lokiLineTooLong() Check {
	return refused(refusal{
		id: "loki/line-too-long", title: "log lines are not too long", said: regexp.MustCompile(`(?i)max entry size .* exceeded`), reasons: []string{"line_too_long"},
		says: "a line is too long", cause: "lines above max_line_size (256 KiB)", fix: "limits_config.max_line_size_truncate: true, or truncate at the agent",
		doc: Doc{
			Symptom: "`Max entry size '262144' bytes exceeded for stream` (400)", Cause: "Stack traces or JSON documents in one line.",
			Evidence: refusedEvidence, Fix: "Truncate.", Risk: "the rest of the line is lost", Source: "loki pkg/validation/validate.go",
		},
	})
}

func lokiNoLabels() Check {
	return refused(refusal{
		id: "loki/no-labels", title: "log lines have a label", said: regexp.MustCompile(`at least one label pair is required`), reasons: []string{"missing_labels"},
		says: "a line has no label", cause: "relabeling took every label away", fix: "a static label job: or host:",
		doc: Doc{
			Symptom: "`error at least one label pair is required per stream` (400)", Cause: "labeldrop or keep rules removed everything.",
			Evidence: refusedEvidence, Fix: "Add a static label.", Risk: "low", Source: "loki pkg/validation/validate.go",
		},
	})
}

func lokiQueryLimit() Check {
	const id = "loki/query-limit"
	return Check{
		ID: id, Title: "queries find a place in Loki's queue", On: lokiKinds, Needs: []Shared{Journal},
		Judge: hearing(id, lokiKinds, settled, regexp.MustCompile(`too many outstanding requests`), Finding{
			Level: Warn, Title: "Loki refuses queries: its queue is full", Cause: "a dashboard splits into more queries than the queue holds (100 to 2048 in older versions)",
			Fix: "query_scheduler.max_outstanding_requests_per_tenant: 32000, or split_queries_by_interval: 24h",
		}),
		Doc: Doc{
			Symptom: "`too many outstanding requests` (429) in Grafana's panels.", Cause: "Queries are split by time and run in parallel; the queue per tenant is short.",
			Evidence: "The message in Loki's journal in the last hour.", Fix: "As the finding says.", Risk: "more memory for queries", Source: "loki pkg/scheduler/queue; Loki docs: troubleshoot operations",
		},
	}
}
