package doctor

// clockVMware finds a hypervisor that sets the clock against the time daemon.
func clockVMware() Check {
	const id = "clock/vmware"
	return Check{
		ID: id, Title: "the hypervisor does not set the clock, too", Reads: []string{daemonProbe}, Judge: perHost(id, judgeVMware), Fix: fixVMware,
		Doc: Doc{
			Symptom:  "The clock jumps every few hours, or at a snapshot or migration, although the time daemon is fine.",
			Cause:    "VMware Tools sets the clock of the guest, and the time daemon corrects it back.",
			Evidence: "vmware-toolbox-cmd timesync status, beside a running time daemon.",
			Fix:      "vmware-toolbox-cmd timesync disable, and time.synchronize.* = FALSE in the .vmx for the one-off steps.",
			Risk:     "None while a time daemon runs.",
			Source:   "VMware Tools guide, “Configuring time synchronization”",
		},
	}
}

func judgeVMware(h Host) []Finding {
	if h.Probes[daemonProbe].Get("vmware") != "Enabled" || len(h.timeDaemons()) == 0 {
		return nil
	}
	return one(Warn, "VMware Tools sets the clock, and so does "+h.timeDaemons()[0], "Two correct one clock: it jumps at every snapshot, resume and migration.",
		"vmware-toolbox-cmd timesync disable", Says("vmware-toolbox-cmd timesync status", "Enabled"))
}
