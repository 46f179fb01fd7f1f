package doctor

import "strings"

func installMixed() Check {
	const id = "install/mixed"
	return Check{
		ID:    id,
		Title: "a component is installed in one way",
		Probe: `
if command -v dpkg-query >/dev/null; then
	dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Version}\n' 'prometheus*' 'grafana*' loki promtail alloy 'node-exporter*' 'mysqld-exporter*' |
		while IFS='|' read -r state name version; do case $state in ii*) echo "package=$name|$version" ;; esac; done
elif command -v rpm >/dev/null; then
	rpm -qa --qf '%{NAME}|%{VERSION}\n' 'prometheus*' 'grafana*' loki promtail alloy '*_exporter' '*-exporter' 'golang-github-prometheus*' alertmanager |
		while IFS= read -r line; do echo "package=$line"; done
fi
echo done=yes`,
		Limit: 6,
		Judge: perHost(id, judgeMixed),
		Doc: Doc{
			Symptom:  "An edit in /etc/prometheus has no effect; after an upgrade of packages another version answers; two units fight for one port.",
			Cause:    "The distribution's or the vendor's package and a tarball (or monctl's release) of the same component are both on the host.",
			Evidence: "The package manager lists the package, and the running program is not below /usr/bin, /usr/sbin, /usr/lib or /usr/share, where packages put theirs.",
			Fix:      "Keep one. Move the data first, then remove the package, or stop the other copy.",
			Risk:     "removing a package with purge deletes its data directory",
			Source:   "hier(7); Debian policy on /usr/local",
		},
	}
}

func judgeMixed(h Host) []Finding {
	var all []Finding
	for _, c := range h.Components {
		exe := c.Process.Exe
		packaged := strings.HasPrefix(exe, "/usr/bin/") || strings.HasPrefix(exe, "/usr/sbin/") || strings.HasPrefix(exe, "/usr/share/") || strings.HasPrefix(exe, "/usr/lib") ||
			strings.HasPrefix(exe, "/bin/") || strings.HasPrefix(exe, "/snap/")
		if !c.Running || exe == "" || packaged {
			continue
		}
		for _, p := range h.Probes["install/mixed"].All("package") {
			name, version, _ := strings.Cut(p, "|")
			if packageKind(name) != c.Kind {
				continue
			}
			all = append(all, Finding{
				Component: c.Name, Level: Note, Tag: name, Title: "the package " + name + " is installed besides the " + c.Kind + " that runs", Cause: "two installations of one component; the package's copy may start at the next boot or upgrade",
				Fix: "remove the package, or stop this copy; move the data first", Evidence: []Evidence{Says("package", name+" "+version), Says("running program", exe)},
			})
		}
	}
	return all
}

// packageKind gives the kind that a package of Debian, Red Hat or the vendor holds.
func packageKind(name string) string {
	if name == "prometheus" || name == "prometheus2" {
		return "prometheus"
	}
	name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "golang-github-"), "prometheus-"), "-enterprise")
	return strings.ReplaceAll(name, "-", "_")
}
