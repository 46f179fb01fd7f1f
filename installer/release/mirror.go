package release

import (
	"fmt"
	"net/url"
	"strings"
)

// Mirror gives the base URLs that stand in for upstream's; "" keeps upstream's own. Below each base the paths
// are upstream's, so GitHub + "/prometheus/prometheus/releases/download/v3.15.0/…" is a file.
type Mirror struct {
	GitHub     string // for https://github.com
	Grafana    string // for https://dl.grafana.com
	GrafanaAPI string // for https://grafana.com, "/api/grafana/versions/stable" below it
	Prometheus string // for https://prometheus.io, "/download.json" below it
	Other      string // for every other scheme and host
}

// MirrorAll uses one base URL for all of upstream; "" is no mirror.
func MirrorAll(base string) Mirror {
	return Mirror{GitHub: base, Grafana: base, GrafanaAPI: base, Prometheus: base, Other: base}
}

// Validate reports a base that is not an http or https URL.
func (m Mirror) Validate() error {
	for _, b := range []struct{ name, base string }{
		{"github", m.GitHub}, {"grafana", m.Grafana}, {"grafana-api", m.GrafanaAPI}, {"prometheus", m.Prometheus}, {"other", m.Other},
	} {
		if b.base == "" {
			continue
		}
		u, err := url.Parse(b.base)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("mirror: %s: %q is not an http(s) URL of a folder", b.name, b.base)
		}
	}
	return nil
}

// Apply gives the mirror's address of an upstream URL.
func (m Mirror) Apply(upstream string) string {
	scheme, rest, found := strings.Cut(upstream, "://")
	if !found {
		return upstream
	}
	host, path, _ := strings.Cut(rest, "/")
	base := m.Other
	switch scheme + "://" + host {
	case "https://github.com":
		base = m.GitHub
	case "https://dl.grafana.com":
		base = m.Grafana
	case "https://grafana.com":
		base = m.GrafanaAPI
	case "https://prometheus.io":
		base = m.Prometheus
	}
	if base == "" {
		return upstream
	}
	return strings.TrimSuffix(base, "/") + "/" + path
}
