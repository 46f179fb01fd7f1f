package doctor

import "regexp"

func installLibc() Check {
	const id = "install/libc"
	return Check{
		ID:    id,
		Title: "the C library is new enough for the programs",
		Needs: []Shared{Journal},
		Judge: perHost(id, func(h Host) []Finding {
			var all []Finding
			for _, c := range h.Components {
				if s := h.heard(c.Unit, settled, libcError); s.times > 0 && !c.Running {
					all = append(all, Finding{
						Component: c.Name, Level: Fail, Title: c.Name + " needs a newer C library than the host has", Cause: "it was built on a newer distribution (cgo: promtail's journal reader, process-exporter)",
						Fix: "install an older or a static build of it, or upgrade the host", Evidence: append(s.evidence(c.Unit), Says("system", h.Facts.OS.Name)), Since: s.first.At,
					})
				}
			}
			return all
		}),
		Doc: Doc{
			Symptom:  "`/lib/x86_64-linux-gnu/libc.so.6: version 'GLIBC_2.34' not found`",
			Cause:    "The program is linked dynamically against a newer C library than the host's.",
			Evidence: "The message of the dynamic linker in the unit's journal.",
			Fix:      "An older or static build, or a newer system.",
			Risk:     "low",
			Source:   "loki#13393, loki#19692, process-exporter#293",
		},
	}
}

var libcError = regexp.MustCompile("version [`']?(GLIBC|GLIBCXX|MUSL)_[0-9.]+['’]? not found")
