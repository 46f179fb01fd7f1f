package doctor

import (
	_ "embed" // the probe
	"net/url"
	"strings"
)

//go:embed grafana_files.sh
var grafanaProbe string

// grafanaCheck is the check whose probe reads Grafana's files; others read it.
const grafanaCheck = "grafana/dashboards"

var grafanaKinds = []string{"grafana"}

// grafanaAnswer is the part of the probe's answer that is about one process.
func (h Host) grafanaAnswer(c Component) Answer { return h.answerOf(grafanaCheck, c) }

// grafanaIni gives a setting of grafana.ini; "" when it is not set. An environment variable or an argument that overrides
// it makes it unknown.
func (h Host) grafanaIni(c Component, key string) (value string, known bool) {
	a := h.grafanaAnswer(c)
	variable := "GF_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
	for _, name := range append(a.All("env"), a.All("override")...) {
		if name == variable || name == variable+"__FILE" || name == key {
			return "", false
		}
	}
	for _, v := range a.All("ini") {
		if rest, ok := strings.CutPrefix(v, key+"|"); ok {
			value = rest
		}
	}
	return value, a.Get("config") != ""
}

// datasource is a provisioned one.
type datasource struct{ name, uid, kind, url, access string }

// datasources reads the lines of the provisioning files that name them.
func (h Host) datasources(c Component) []datasource {
	var list []datasource
	live := false
	for _, v := range h.grafanaAnswer(c).Values {
		switch v.Key {
		case "list":
			live = v.Value == "datasources"
		case "line":
			key, value, _ := strings.Cut(strings.TrimLeft(v.Value, " -"), ":")
			value = strings.Trim(strings.TrimSpace(value), `"'`)
			if !live {
				continue
			}
			if strings.HasPrefix(strings.TrimLeft(v.Value, " "), "-") {
				list = append(list, datasource{})
			}
			if len(list) > 0 {
				list[len(list)-1].set(key, value)
			}
		}
	}
	return list
}

func (d *datasource) set(key, value string) {
	for name, field := range map[string]*string{"name": &d.name, "uid": &d.uid, "type": &d.kind, "url": &d.url, "access": &d.access} {
		if name == key && *field == "" {
			*field = value
		}
	}
}

// local says that an address is this very host, or container.
func (d datasource) local() bool {
	u, err := url.Parse(d.url)
	return err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
}
