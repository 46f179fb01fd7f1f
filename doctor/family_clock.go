package doctor

// clockChecks lists the checks of the family clock.
func clockChecks() []Check {
	return []Check{
		clockTruth(), clockHere(), clockStepped(), clockShifted(), clockOffset(), clockSuspended(), clockSlewing(), clockDaemon(), clockSynchronised(),
		clockDistance(), clockKernel(), clockRTC(), clockVMware(), clockLog(), clockHistory(), clockBootOrder(), clockComponent(),
		clockBanner(), clockAlerts(), clockZone(),
	}
}
