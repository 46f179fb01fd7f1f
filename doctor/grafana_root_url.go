package doctor

import (
	"net/url"
	"strings"
)

func grafanaRootURL() Check {
	const id = "grafana/root-url"
	return Check{
		ID: id, Title: "Grafana knows below which path it is published", On: grafanaKinds, Root: true, Reads: []string{grafanaCheck},
		Judge: perComponent(id, grafanaKinds, judgeRootURL),
		Doc: Doc{
			Symptom:  "`If you're seeing this Grafana has failed to load its application files`, endless redirects to /login.",
			Cause:    "root_url has a path and serve_from_sub_path is off (then the proxy has to take the path away), or root_url has none and the proxy publishes it below one.",
			Evidence: "root_url and serve_from_sub_path in grafana.ini. A proxy may take the path away: a note.",
			Fix:      "`serve_from_sub_path = true`, unless the proxy removes the path.",
			Risk:     "low; a proxy that removes the path must stop doing so",
			Source:   "Grafana docs: run Grafana behind a reverse proxy",
		},
	}
}

func judgeRootURL(h Host, c Component) []Finding {
	root, known := h.grafanaIni(c, "server.root_url")
	serve, also := h.grafanaIni(c, "server.serve_from_sub_path")
	if !known || !also || root == "" {
		return nil
	}
	u, err := url.Parse(strings.NewReplacer("%(protocol)s", "http", "%(domain)s", "localhost", "%(http_port)s", "3000").Replace(root))
	switch {
	case err != nil || u.Scheme == "" || u.Host == "":
		return one(Warn, "root_url of Grafana is no address: "+root, "links in mails and logins by OAuth use it", "root_url = https://NAME/", Says("root_url", root))
	case strings.Trim(u.Path, "/") != "" && serve != "true":
		return one(Note, "root_url of Grafana has the path "+u.Path+" and serve_from_sub_path is off", "it works only behind a proxy that takes the path away", "serve_from_sub_path = true, unless the proxy does", Says("root_url", root), Says("serve_from_sub_path", orElse(serve, "false")))
	}
	return nil
}
