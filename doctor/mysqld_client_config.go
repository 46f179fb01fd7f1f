package doctor

import "regexp"

func mysqldClientConfig() Check {
	const id = "mysqld/client-config"
	return Check{
		ID: id, Title: "the exporter finds its login", On: mysqldKinds, Needs: []Shared{Journal}, After: []string{"mysqld/data-source-name"},
		Judge: perHost(id, func(h Host) []Finding {
			var all []Finding
			for _, c := range h.Of(mysqldKinds...) {
				if s := h.heard(c.Unit, settled, clientConfigError); s.times > 0 && !c.Running {
					all = append(all, Finding{
						Component: c.Name, Level: Fail, Title: "the exporter has no login for MySQL", Cause: "its my.cnf is missing, unreadable or has no user in [client]; the default is .my.cnf in the working directory", Since: s.first.At,
						Fix: "--config.my-cnf=/etc/mysqld_exporter/my.cnf, mode 0640 and the exporter's group, with user and password in [client]", Evidence: s.evidence(c.Unit),
					})
				}
			}
			return all
		}),
		Doc: Doc{
			Symptom:  "`failed to validate config section=client err=\"no user specified in section or parent\"`, `Error parsing host config`, `failed reading ini file: open .my.cnf: no such file or directory`, then it ends.",
			Cause:    "Since 0.15 the exporter reads a my.cnf; without `--config.my-cnf` that is `.my.cnf` in its working directory.",
			Evidence: "The message in the journal of a unit that does not run.",
			Fix:      "A my.cnf with [client], readable by the exporter's group only, and `--config.my-cnf`.",
			Risk:     "low",
			Source:   "mysqld_exporter CHANGELOG 0.15.0, config/config.go",
		},
	}
}

var clientConfigError = regexp.MustCompile(`failed to validate config|no user specified|no configuration found|Error parsing (host config|client config|my\.cnf)|failed reading ini file|failed to load config|failed parsing ini file`)
