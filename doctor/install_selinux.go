package doctor

import (
	"strings"

	"github.com/monctl/monctl/fleet"
)

func installSELinux() Check {
	const id = "install/selinux"
	return Check{
		ID:    id,
		Title: "SELinux lets systemd execute the programs",
		Reads: []string{unitsCheck},
		Judge: perHost(id, judgeSELinux),
		Doc: Doc{
			Symptom:  "`Failed at step EXEC spawning /usr/local/bin/x: Permission denied`, 203/EXEC, on RHEL and its relatives, although the file is executable.",
			Cause:    "`mv` from a home folder or /tmp kept the label user_home_t or user_tmp_t, which systemd may not execute.",
			Evidence: "SELinux is enforcing and the label of the file that ExecStart= names.",
			Fix:      "`restorecon -v FILE`; copy instead of move. Never switch SELinux off for this.",
			Risk:     "none: the label becomes what the policy says",
			Source:   "restorecon(8); scylla-cluster-tests#14492, node_exporter_installer#61",
		},
		Fix: func(f Fleet, found Finding) (Fix, bool) {
			path := found.Tag
			unit, ok := unitOfFinding(f, found)
			return Fix{
				Host: found.Host, Title: "give " + path + " the label of the policy", Risk: "none: the label becomes what the policy says",
				Steps: []Step{
					{Why: "the label of a home folder or of /tmp was kept", Run: "restorecon -v -- " + fleet.Quote(path)},
					{Why: "start it again", Run: "systemctl reset-failed " + quoteUnit(unit) + "; systemctl restart " + quoteUnit(unit)},
				},
			}, ok && path != "" && path[0] == '/'
		},
	}
}

func judgeSELinux(h Host) []Finding {
	if h.Facts.SELinux != "enforcing" {
		return nil
	}
	var all []Finding
	for _, b := range h.unitBinaries() {
		if !strings.Contains(b.label, ":user_tmp_t:") && !strings.Contains(b.label, ":user_home_t:") && !strings.Contains(b.label, ":admin_home_t:") && !strings.Contains(b.label, ":tmp_t:") {
			continue
		}
		all = append(all, Finding{
			Component: h.componentOf(b.unit), Level: Fail, Tag: b.real, Title: "SELinux does not let systemd execute " + b.path, Cause: "the file kept the label of the folder it was moved from",
			Fix: "restorecon -v " + b.real, Evidence: []Evidence{Says("label", b.label), Says("SELinux", "enforcing")},
		})
	}
	return all
}
