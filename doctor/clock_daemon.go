package doctor

const daemonProbe = "clock/daemon"
