package doctor

import (
	_ "embed" // the probe
	"strconv"
	"strings"
)

//go:embed security_files.sh
var secretsProbe string

func securitySecretFiles() Check {
	const id = "security/secret-files"
	return Check{
		ID: id, Title: "files with secrets are not for everybody", Root: true, Probe: secretsProbe, Limit: 8,
		Judge: perHost(id, judgeSecretFiles),
		Doc: Doc{
			Symptom:  "Nothing is seen until somebody reads the webhook, the password of MySQL or of Grafana's administrator on the host.",
			Cause:    "alertmanager.yml, my.cnf, web.yml, grafana.ini or a unit with Environment= was made with mode 0644.",
			Evidence: "Mode and owner of the configuration files of running components and of the usual places, when a line of theirs sets a secret itself and not the path of a file. Only the names of the settings leave the host.",
			Fix:      "`chmod o-rwx FILE`, after its group was made the component's; better: the secret in a file of its own (password_file, api_url_file).",
			Risk:     "the component must still be able to read it: monctl shows which user that is",
			Source:   "prometheus.io/docs/operating/security",
		},
	}
}

func judgeSecretFiles(h Host) []Finding {
	var all []Finding
	for _, v := range h.Probes["security/secret-files"].All("file") {
		w := strings.Split(v, "|")
		mode, err := strconv.ParseUint(wordAt(w, 1), 8, 32)
		if err != nil || len(w) != 4 || mode&4 == 0 {
			continue
		}
		all = append(all, Finding{
			Level: Warn, Tag: w[0], Title: "everybody on the host can read the secrets in " + w[0], Cause: "its mode is " + w[1] + " and it sets " + strings.TrimSpace(w[3]),
			Fix: h.closeFile(w[0]), Evidence: []Evidence{Says("mode", w[1]+" "+w[2]), Says("settings", strings.TrimSpace(w[3]))},
		})
	}
	return all
}

// closeFile takes a file away from all but root and the group of the component that reads it.
func (h Host) closeFile(path string) string {
	for _, c := range h.Components {
		u, _ := h.Unit(c.Unit)
		if user := u.Get("User"); user != "" && (c.Flags["config.file"] == path || strings.Contains(path, c.Kind)) {
			return `chgrp "$(id -gn ` + user + `)" ` + path + " && chmod 640 " + path
		}
	}
	return "chmod 640 " + path + "   # its group must be that of the component that reads it"
}
