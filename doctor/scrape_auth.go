package doctor

import "strings"

func scrapeAuth() Check {
	return Check{
		ID: "scrape/auth", Title: "the targets let Prometheus in",
		After: []string{downAfter, "install/port-taken"}, Ask: askDown,
		Judge: perTrouble("scrape/auth", troubleAuth, func(d downTarget) Finding {
			found := Finding{
				Title: d.name() + " wants a password", Cause: "It answers 401: the job gives no credentials, or wrong ones.",
				Fix: "set basic_auth (username, password_file) or authorization for job " + d.Labels["job"],
			}
			if strings.Contains(d.LastError, "403") {
				found.Title = d.name() + " forbids the request"
				found.Cause = "It answers 403: these credentials, or this address, may not read the page; or a proxy is in the way."
			}
			if self, ok := d.server.self(); ok && self.URL == d.URL {
				found.Cause += " It is this Prometheus itself: its own job needs the credentials of its --web.config.file, too."
			}
			return found
		}),
		Doc: Doc{
			Symptom:  "`server returned HTTP status 401 Unauthorized` or `403 Forbidden`",
			Cause:    "The exporter's web.config.file has basic_auth_users and the job has none, or another password. Prometheus' own job is forgotten most often.",
			Evidence: "The status that Prometheus got. monctl does not try passwords.",
			Fix:      "Put the password into a file for password_file and name it in the job.",
			Risk:     "None.",
			Source:   "exporter-toolkit docs/web-configuration.md; prometheus#2954",
		},
	}
}
