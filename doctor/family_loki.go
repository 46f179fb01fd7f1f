package doctor

// lokiChecks lists the checks of the family loki.
func lokiChecks() []Check {
	return []Check{}
}
