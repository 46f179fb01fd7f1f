package doctor

// tsdbChecks lists the checks of the family tsdb.
func tsdbChecks() []Check {
	return []Check{}
}
