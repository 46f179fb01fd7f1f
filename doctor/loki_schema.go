package doctor

import "regexp"

func lokiSchema() Check {
	const id = "loki/schema"
	return Check{
		ID: id, Title: "Loki's schema fits its version and its logs", On: lokiKinds, Needs: []Shared{Journal},
		Judge: hearing(id, lokiKinds, settled, regexp.MustCompile(`CONFIG ERROR|schema v1[0-9] is required|no schema config found for time|invalid schema config|MULTIPLE CONFIG ERRORS`), Finding{
			Level: Fail, Title: "Loki's schema_config does not fit", Cause: "version 3 wants schema v13 with tsdb for structured metadata, or the first period begins after the logs",
			Fix: "limits_config: {allow_structured_metadata: false} now, then ADD a period (tsdb, v13) that begins in the future; never change periods of the past",
		}),
		Doc: Doc{
			Symptom:  "`CONFIG ERROR: schema v13 is required to store Structured Metadata and use native OTLP ingestion`, `no schema config found for time …`.",
			Cause:    "An upgrade to 3.x with an old schema; or `from:` lies after the time of the logs.",
			Evidence: "The message in Loki's journal since its last start.",
			Fix:      "allow_structured_metadata: false, then a new period from a future date in UTC.",
			Risk:     "changing a past period hides the logs in it",
			Source:   "loki pkg/loki/validation.go; upgrade guide 3.0",
		},
	}
}
