package doctor

func installDaemonReload() Check {
	const id = "install/daemon-reload"
	return Check{
		ID:    id,
		Title: "systemd has read the unit files as they are",
		Judge: perHost(id, judgeDaemonReload),
		Doc: Doc{
			Symptom:  "`Warning: The unit file, source configuration file or drop-ins of UNIT changed on disk. Run 'systemctl daemon-reload' to reload units.` A changed flag has no effect.",
			Cause:    "The unit file or a drop-in was edited and systemd still works with the old one.",
			Evidence: "NeedDaemonReload of the unit is yes.",
			Fix:      "`systemctl daemon-reload`; then restart the unit for the new text to take effect.",
			Risk:     "none: a reload starts and stops nothing",
			Source:   "systemctl(1) daemon-reload",
		},
		Fix: func(all Fleet, f Finding) (Fix, bool) {
			unit, ok := unitOfFinding(all, f)
			return Fix{
				Host: f.Host, Title: "let systemd read its unit files again", Risk: "none: nothing is started or stopped",
				Steps: []Step{{Why: "the files on disk are newer than what systemd has read", Run: "systemctl daemon-reload"}},
				Then:  "systemctl restart " + unit,
			}, ok
		},
	}
}

func judgeDaemonReload(h Host) []Finding {
	var all []Finding
	for _, c := range h.Components {
		if u, ok := h.Unit(c.Unit); ok && u.Get("NeedDaemonReload") == "yes" {
			all = append(all, Finding{
				Component: c.Name, Level: Warn, Title: "the unit file of " + c.Unit + " changed and systemd has not read it", Cause: "it was edited without a reload",
				Fix: "systemctl daemon-reload && systemctl restart " + c.Unit, Evidence: []Evidence{Says("NeedDaemonReload", "yes"), Says("file", u.Get("FragmentPath"))},
			})
		}
	}
	return all
}
