package datadir

const killedEnv = "MONCTL_TEST_KILLED"

func runKilled() {}
