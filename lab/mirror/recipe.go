package mirror

import (
	"context"
	"fmt"
	"strings"
)

// arch is one architecture by the names that each tool has for it.
type arch struct{ upstream, debian, goarch, goarm string }

var (
	amd64 = arch{"amd64", "amd64", "amd64", ""}
	arm64 = arch{"arm64", "arm64", "arm64", ""}
	armv7 = arch{"armv7", "armhf", "arm", "7"}
)

// product is what one recipe puts into one archive.
type product struct {
	release Release
	entries []entry
}

// recipe makes the archives of one source for one architecture. Key must change
// when the outcome would.
type recipe struct {
	key  string
	make func(ctx context.Context, scratch string) ([]product, error)
}

// text files that upstream's archives hold beside the programs.
const (
	prometheusYML = `global:
  scrape_interval: 15s
scrape_configs:
  - job_name: prometheus
    static_configs:
      - targets: ["localhost:9090"]
`
	alertmanagerYML = `route:
  receiver: none
receivers:
  - name: none
`
)

// component says how a component's archive is filled.
type component struct {
	name, owner string
	programs    map[string]string // name in the archive: path in Debian's package
	config      map[string]string // name in the archive: text
	packages    []string          // Debian's; the first gives the version
}

var components = []component{
	{
		name: "prometheus", owner: "prometheus", packages: []string{"prometheus", "promtool"},
		programs: map[string]string{"prometheus": "usr/bin/prometheus", "promtool": "usr/bin/promtool"},
		config:   map[string]string{"prometheus.yml": prometheusYML},
	},
	{
		name: "node_exporter", owner: "prometheus", packages: []string{"prometheus-node-exporter"},
		programs: map[string]string{"node_exporter": "usr/bin/prometheus-node-exporter"},
	},
	{
		name: "alertmanager", owner: "prometheus", packages: []string{"prometheus-alertmanager"},
		programs: map[string]string{"alertmanager": "usr/bin/prometheus-alertmanager", "amtool": "usr/bin/amtool"},
		config:   map[string]string{"alertmanager.yml": alertmanagerYML},
	},
}

func componentNamed(name string) (component, error) {
	for _, c := range components {
		if c.name == name {
			return c, nil
		}
	}
	return component{}, fmt.Errorf("mirror: no component %s", name)
}

// exporters are there in one version, Debian's newest: those of older releases read their passwords elsewhere.
var exporters = []component{
	exporter("mysqld_exporter", "prometheus", "prometheus-mysqld-exporter"),
	exporter("postgres_exporter", "prometheus-community", "prometheus-postgres-exporter"),
	exporter("blackbox_exporter", "prometheus", "prometheus-blackbox-exporter"),
	exporter("pushgateway", "prometheus", "prometheus-pushgateway"),
	exporter("redis_exporter", "oliver006", "prometheus-redis-exporter"),
	exporter("process-exporter", "ncabatoff", "prometheus-process-exporter"),
	exporter("elasticsearch_exporter", "prometheus-community", "prometheus-elasticsearch-exporter"),
}

// exporter is a component of one program that Debian names like its package.
func exporter(name, owner, debian string) component {
	return component{name: name, owner: owner, packages: []string{debian}, programs: map[string]string{name: "usr/bin/" + debian}}
}

// archiveOf fills an archive with programs that lie below dir, and the texts
// that go with them. The notice says what the archive really is.
func (c component) archiveOf(programs map[string]string, license, origin string) []entry {
	entries := []entry{
		{Name: "LICENSE", Text: license, Mode: 0o644},
		{Name: "NOTICE", Text: fmt.Sprintf("%s, packed for monctl's lab from %s.\nThis is not a release of the %s project.\n", c.name, origin, c.name), Mode: 0o644},
	}
	for name, text := range c.config {
		entries = append(entries, entry{Name: name, Text: text, Mode: 0o644})
	}
	for name, path := range programs {
		entries = append(entries, entry{Name: name, Path: path, Mode: 0o755})
	}
	return entries
}

// upstreamVersion takes Debian's additions off a package's version: 1:2.42.0+ds-5+b1 is 2.42.0.
func upstreamVersion(version string) string {
	if _, rest, ok := strings.Cut(version, ":"); ok {
		version = rest
	}
	if i := strings.LastIndex(version, "-"); i > 0 {
		version = version[:i]
	}
	version, _, _ = strings.Cut(version, "+")
	version, _, _ = strings.Cut(version, "~")
	return version
}
