package doctor

// mysqldChecks lists the checks of the family mysqld.
func mysqldChecks() []Check {
	return []Check{}
}
