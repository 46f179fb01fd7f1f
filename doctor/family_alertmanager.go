package doctor

// alertmanagerChecks lists the checks of the family alertmanager.
func alertmanagerChecks() []Check {
	return []Check{}
}
