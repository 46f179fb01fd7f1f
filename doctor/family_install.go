package doctor

// installChecks lists the checks of the family install.
func installChecks() []Check {
	return []Check{
		installDisk(),
		installInodes(),
		installReadOnly(),
		installMemory(),
		installOutOfMemory(),
		installBinary(),
		installArch(),
		installLibc(),
		installSELinux(),
		installUser(),
		installConfigReadable(),
		installPortTaken(),
		installPrivilegedPort(),
		installUnfinished(),
		installTwoCopies(),
		installUnitFailed(),
		installNotRunning(),
		installRestarts(),
		installNotEnabled(),
		installDaemonReload(),
		installStaleBinary(),
		installFileLimit(),
		installByHand(),
		installMixed(),
	}
}
