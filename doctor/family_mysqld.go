package doctor

// mysqldChecks lists the checks of the family mysqld.
func mysqldChecks() []Check {
	return []Check{
		mysqldDataSourceName(),
		mysqldClientConfig(),
		mysqldPassword(),
		mysqldUp(),
		mysqldGrants(),
		mysqldConnections(),
		mysqldReplicaSyntax(),
	}
}
