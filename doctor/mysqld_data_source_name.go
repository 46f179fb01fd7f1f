package doctor

import "regexp"

func mysqldDataSourceName() Check {
	const id = "mysqld/data-source-name"
	return Check{
		ID: id, Title: "the exporter is not configured by DATA_SOURCE_NAME", On: mysqldKinds, Needs: []Shared{Metrics, Journal}, Root: true,
		Probe: `
for f in /etc/systemd/system/*mysqld*export*.service /etc/systemd/system/*mysqld*export*.service.d/*.conf /usr/lib/systemd/system/*mysqld*export*.service /lib/systemd/system/*mysqld*export*.service \
	/etc/default/*mysqld*export* /etc/sysconfig/*mysqld*export*; do
	[ -f "$f" ] && grep -q '^[^#]*DATA_SOURCE_NAME=.' "$f" && echo "file=$f"
done
echo done=yes`,
		Judge: perHost(id, judgeDataSourceName),
		Doc: Doc{
			Symptom:  "After an upgrade: `no user specified in section or parent`, although DATA_SOURCE_NAME is set.",
			Cause:    "DATA_SOURCE_NAME was removed in 0.15.0; the variable is ignored.",
			Evidence: "The variable in the unit, its drop-ins or its environment file (its value is not read), and a version of 0.15 or later. With an older version nothing is wrong.",
			Fix:      "Move user and password to a my.cnf: `--config.my-cnf`; or `--mysqld.username` and MYSQLD_EXPORTER_PASSWORD.",
			Risk:     "low",
			Source:   "mysqld_exporter CHANGELOG 0.15.0, PR#744",
		},
	}
}

var startedVersion = regexp.MustCompile(`[Ss]tarting mysqld_exporter.*version=([0-9][0-9.]*)`)

func judgeDataSourceName(h Host) []Finding {
	files := h.Probes["mysqld/data-source-name"].All("file")
	if len(files) == 0 {
		return nil
	}
	var all []Finding
	for _, c := range h.Of(mysqldKinds...) {
		version := c.versionOf()
		for _, e := range h.Journal {
			if m := startedVersion.FindStringSubmatch(e.Text); version == "" && e.Unit == c.Unit && m != nil {
				version = m[1]
			}
		}
		switch {
		case version == "":
			all = append(all, Finding{Component: c.Name, Level: Unknown, Title: "DATA_SOURCE_NAME is set and the exporter's version is not known", Cause: "0.15 and later ignore it", Evidence: []Evidence{Says("file", files[0])}})
		case !olderThan(version, 0, 15):
			level := Warn
			if !c.Running {
				level = Fail
			}
			all = append(all, Finding{
				Component: c.Name, Level: level, Title: "the exporter ignores DATA_SOURCE_NAME", Cause: "version " + version + " has no such variable any more", Fix: "move user and password to a my.cnf and give --config.my-cnf",
				Evidence: []Evidence{Says("file", files[0]), Says("version", version)},
			})
		}
	}
	return all
}
