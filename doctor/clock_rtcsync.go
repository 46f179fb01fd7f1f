package doctor

import "strings"

// clockKernel finds a chrony that is right while the kernel is not told.
func clockKernel() Check {
	const id = "clock/rtcsync"
	return Check{
		ID: id, Title: "the kernel knows that its clock is synchronised", Reads: []string{daemonProbe}, After: []string{"clock/synchronised"},
		Judge: perHost(id, judgeKernel), Fix: fixRTCSync,
		Doc: Doc{
			Symptom:  "The alert NodeClockNotSynchronising fires, node_timex_sync_status is 0, while chronyc says that all is well.",
			Cause:    "chrony without rtcsync never clears the kernel's unsynchronised flag.",
			Evidence: "chronyc -c tracking says Normal, the kernel's flag STA_UNSYNC is set, and the configuration has no rtcsync. timedatectl says yes all the same: it looks at the kernel's error.",
			Fix:      "Add rtcsync to chrony.conf and restart chrony.",
			Risk:     "None.",
			Source:   "bottlerocket#1183; node_exporter collector/timex.go; chrony sys_timex.c; systemd time-util.c, ntp_synced()",
		},
	}
}

func judgeKernel(h Host) []Finding {
	p := h.Probes[daemonProbe]
	t, ok := h.tracking()
	if !ok || !h.setsItsClock() || t.leap == "Not synchronised" || p.Get("unsynchronised") != "yes" {
		return nil
	}
	for _, s := range p.All("setting") {
		if strings.HasPrefix(s, "rtcsync") {
			return nil
		}
	}
	return one(Warn, "chrony is synchronised, and the kernel is not told", "chrony.conf has no rtcsync, so that node_timex_sync_status stays 0 and NodeClockNotSynchronising fires for nothing.",
		"monctl doctor --fix --only clock/rtcsync "+h.Name, Says("chronyc", "leap status "+t.leap), Says("adjtimex", "STA_UNSYNC is set"))
}
