package doctor

// installChecks lists the checks of the family install.
func installChecks() []Check {
	return []Check{}
}
