package doctor

import "slices"

// Checks lists every check, causes before consequences: that is the order in which they are judged and shown.
func Checks() []Check {
	checks := slices.Concat(
		clockChecks(),
		installChecks(),
		tsdbChecks(),
		scrapeChecks(),
		alertmanagerChecks(),
		grafanaChecks(),
		lokiChecks(),
		mysqldChecks(),
		securityChecks(),
	)
	return append(checks, reachChecks(checks)...)
}
