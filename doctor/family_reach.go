package doctor

// reachChecks lists the checks of the family reach, which come after all others.
func reachChecks(others []Check) []Check {
	return []Check{reachLinks(others)}
}
