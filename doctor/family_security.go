package doctor

// securityChecks lists the checks of the family security.
func securityChecks() []Check {
	return []Check{
		securityOpenPublic(),
		securityAdminAPI(),
		securityGrafanaPassword(),
		securityGrafanaAnonymous(),
		securitySecretFiles(),
		securityCommandLine(),
		securityRoot(),
		securityClusterPort(),
		securityProfiles(),
		securityPlainHTTP(),
	}
}
