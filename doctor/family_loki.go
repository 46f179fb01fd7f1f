package doctor

// lokiChecks lists the checks of the family loki, and of the agents that send to it.
func lokiChecks() []Check {
	return []Check{
		lokiSchema(),
		lokiRing(),
		lokiReady(),
		lokiWALDisk(),
		lokiRetention(),
		lokiQueryLimit(),
		lokiAgentRead(),
		lokiJournalMissing(),
		lokiAgentConnect(),
		lokiPositions(),
		lokiTooNew(),
		lokiTooFarBehind(),
		lokiTooOld(),
		lokiRateLimited(),
		lokiStreamLimit(),
		lokiLineTooLong(),
		lokiNoLabels(),
		lokiPromtailEnd(),
	}
}
