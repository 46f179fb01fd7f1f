package doctor

// alertmanagerChecks lists the checks of the family alertmanager.
func alertmanagerChecks() []Check {
	return []Check{
		alertmanagerConfig(),
		alertmanagerAdvertise(),
		alertmanagerReady(),
		alertmanagerConnected(),
		alertmanagerSending(),
		alertmanagerNotifications(),
		alertmanagerAPIVersion(),
		alertmanagerCluster(),
		alertmanagerReceiver(),
		alertmanagerRoute(),
		alertmanagerInhibit(),
		alertmanagerSilences(),
		alertmanagerInvalid(),
	}
}
