package doctor

// tsdbChecks lists the checks of the family tsdb. The alarm for history that is being deleted comes first.
func tsdbChecks() []Check {
	return []Check{
		tsdbFutureRetention(),
		tsdbDiskSpace(),
		tsdbFilesystem(),
		tsdbSharedData(),
		tsdbOwnership(),
		tsdbDataPath(),
		tsdbWALCorrupt(),
		tsdbHeadChunks(),
		tsdbBlockCorrupt(),
		tsdbAnswers(),
		tsdbBlocksInFuture(),
		tsdbBlockAcrossNow(),
		tsdbStoppedAhead(),
		tsdbHeadInFuture(),
		tsdbFrozenScrapeClock(),
		tsdbOutOfBounds(),
		tsdbOutOfOrder(),
		tsdbDuplicateTimestamps(),
		tsdbSamplesAhead(),
		tsdbOldBlock(),
		tsdbCompaction(),
		tsdbWALSize(),
		tsdbRetention(),
		tsdbSeriesChurn(),
		tsdbSeriesGrowth(),
		tsdbRestarts(),
		tsdbAdminAPI(),
	}
}
