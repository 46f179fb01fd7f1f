package doctor

import (
	"context"
	"regexp"
	"strings"
	"time"
)

var wrongLogin = regexp.MustCompile(`(?i)invalid username or password|incorrect login|password-auth.failed`)

// defaultLogin is the address that answers 200 when admin/admin still works.
func defaultLogin(c Component) string {
	return strings.Replace(c.Base, "://", "://admin:admin@", 1) + "/api/org"
}

func securityGrafanaPassword() Check {
	const id = "security/grafana-password"
	return Check{
		ID: id, Title: "Grafana's administrator has a password of his own", On: grafanaKinds, Root: true, Needs: []Shared{Journal}, Reads: []string{grafanaCheck}, After: []string{"grafana/ready"},
		Ask:   askDefaultLogin,
		Judge: perComponent(id, grafanaKinds, judgeGrafanaPassword),
		Doc: Doc{
			Symptom:  "Anybody logs in as admin with the password admin, and through the datasources reads everything.",
			Cause:    "The password was never changed after the first start.",
			Evidence: "One login as admin/admin, from the host itself; it is not tried when the configuration sets another password before the first start, nor when wrong logins stand in the last ten minutes of the journal, since five in five minutes lock the user.",
			Fix:      "`grafana cli --homepath /usr/share/grafana --config /etc/grafana/grafana.ini admin reset-admin-password`, as Grafana's user; or on the profile page.",
			Risk:     "scripts that log in with the old one fail; a wrong --homepath makes another database",
			Source:   "Grafana docs: default admin user; pkg/services/loginattempt",
		},
	}
}

func askDefaultLogin(ctx context.Context, q *Questions) {
	h := q.Host()
	for _, c := range h.Of(grafanaKinds...) {
		value, known := h.grafanaIni(c, "security.admin_password")
		user, _ := h.grafanaIni(c, "security.admin_user")
		tried := h.heard(c.Unit, 10*time.Minute, wrongLogin).times
		if c.Base == "" || !known || value == "literal" || value == "elsewhere" || user != "" && user != "admin" || tried > 1 || h.Unread[string(Journal)] != "" {
			continue
		}
		q.Page(ctx, defaultLogin(c))
	}
}

func judgeGrafanaPassword(h Host, c Component) []Finding {
	if value, known := h.grafanaIni(c, "security.admin_password"); known && value == "default" {
		return one(Warn, "grafana.ini sets the default password for the administrator", "admin_password = admin", "admin_password = $__file{/path}, then reset-admin-password", Says("grafana.ini", "[security] admin_password"))
	}
	r, asked := h.Pages[defaultLogin(c)]
	switch {
	case !asked:
		return nil
	case r.Status == 200:
		return one(Fail, "Grafana lets everybody in as admin with the password admin", "the password was never changed", "grafana cli admin reset-admin-password, as Grafana's user", Says("login as admin/admin", "200"))
	case r.Status == 401 || r.Status == 403:
		return nil
	}
	return unsure("cannot tell whether Grafana's default password still works", orElse(r.Err, "an unexpected answer"))
}
