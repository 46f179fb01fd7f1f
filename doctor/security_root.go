package doctor

import "slices"

// needRoot are kinds that may have a reason to run as root: agents that read logs of others.
var needRoot = []string{"promtail", "alloy", "process_exporter", "ipmi_exporter", "smartctl_exporter", "ebpf_exporter", "systemd_exporter", "podman_exporter", "libvirt_exporter"}

func securityRoot() Check {
	const id = "security/root"
	return Check{
		ID: id, Title: "components do not run as root", After: []string{"install/by-hand"},
		Judge: perComponent(id, anyComponent, func(_ Host, c Component) []Finding {
			if c.Process.UID != 0 || slices.Contains(needRoot, c.Kind) {
				return nil
			}
			return one(Note, c.Name+" runs as root", "it needs no privilege; a hole in it is one in the host", "User= in a drop-in, and give that user the data directory", Says("effective user", "0"))
		}),
		Doc: Doc{
			Symptom:  "`ps` shows prometheus, grafana or an exporter under root.",
			Cause:    "The unit has no User=, or it was started by hand.",
			Evidence: "The effective user of the process. Agents that read logs of others, and a few exporters, are left out.",
			Fix:      "A system user, User= in the unit, and its data directory given to that user.",
			Risk:     "a data directory that still belongs to root keeps it from starting",
			Source:   "prometheus.io/docs/operating/security",
		},
	}
}
