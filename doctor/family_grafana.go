package doctor

// grafanaChecks lists the checks of the family grafana.
func grafanaChecks() []Check {
	return []Check{
		grafanaDatabase(),
		grafanaProvisioning(),
		grafanaReady(),
		grafanaDashboards(),
		grafanaDatasource(),
		grafanaRootURL(),
		grafanaListen(),
		grafanaPlugins(),
		grafanaLogin(),
	}
}
