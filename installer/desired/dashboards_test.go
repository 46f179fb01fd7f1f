package desired

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monctl/monctl/fleet/fault"
)

// boardsOn lists the dashboards that Grafana on a host gets.
func boardsOn(t *testing.T, s *Stack, host string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for name, text := range contents(t, s, host) {
		if file, ok := strings.CutPrefix(name, "/etc/monctl/grafana/dashboards/"); ok {
			got[file] = text
		}
	}
	return got
}

// TestDashboardsFollowTheInventory: a component brings its dashboards and takes them away again, and so does an app.
func TestDashboardsFollowTheInventory(t *testing.T) {
	const all = `hosts:
  mon: {address: 10.0.0.1, components: [prometheus, grafana, loki, alertmanager, node_exporter]}
  db: {address: 10.0.0.2, components: [mysqld_exporter, postgres_exporter, alloy]}
apps:
  - {name: corea, targets: [db:8080], metrics_path: /actuator/prometheus, logs: [/var/log/corea.log], dashboard: spring-boot}
`
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"all", all, []string{
			"alertmanager.json", "apps-spring-boot.json", "grafana.json", "loki-logs.json", "loki.json", "mysqld_exporter-mysql.json",
			"node_exporter-fleet.json", "node_exporter-node.json", "postgres_exporter-postgresql.json", "prometheus.json",
		}},
		{"without Loki, MySQL and the dashboard", strings.NewReplacer(", loki", "", "mysqld_exporter, ", "", ", alloy", "", ", dashboard: spring-boot", "", " logs: [/var/log/corea.log],", "", ", logs: [/var/log/corea.log]", "").Replace(all), []string{
			"alertmanager.json", "grafana.json", "node_exporter-fleet.json", "node_exporter-node.json", "postgres_exporter-postgresql.json", "prometheus.json",
		}},
		{"the monitor alone", "hosts: {mon: {address: 10.0.0.1, components: [monitor, grafana]}}\n", []string{
			"grafana.json", "node_exporter-fleet.json", "node_exporter-node.json", "prometheus.json",
		}},
		{"without Prometheus", "hosts: {mon: {address: 10.0.0.1, components: [grafana, loki, node_exporter]}}\n", []string{"loki-logs.json"}},
	} {
		got := boardsOn(t, good(t, c.text), "mon")
		if diff := cmp.Diff(c.want, slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		for file, text := range got {
			if strings.Contains(text, `"`+LokiUID+`"`) != (file == "loki-logs.json" || file == "apps-spring-boot.json" && c.name == "all") {
				t.Errorf("%s: %s asks Loki, or does not", c.name, file)
			}
		}
	}
}

const withGrafana = "hosts: {mon: {address: 10.0.0.1, components: [prometheus, grafana, node_exporter]}}\n"

func TestDashboardsOfTheProject(t *testing.T) {
	s := good(t, withGrafana)
	if err := s.Bring(map[string][]byte{
		"mine.json": []byte(`{"uid": "mine", "title": "Mine", "panels": [{"title": "P", "type": "stat", "datasource": "${DS_X}", "targets": [{"refId": "A", "expr": "up"}]}]}`),
		"logs.json": []byte(`{"uid": "l", "title": "Logs of another", "panels": [{"title": "P", "type": "logs", "datasource": {"type": "loki"}, "targets": [{"refId": "A", "expr": "{a=\"b\"}"}]}]}`),
	}); err != nil {
		t.Fatal(err)
	}
	got := boardsOn(t, s, "mon")
	if !strings.Contains(got["project-mine.json"], `"uid": "monctl-prometheus"`) {
		t.Errorf("it is not bound:\n%s", got["project-mine.json"])
	}
	if _, there := got["project-logs.json"]; there {
		t.Error("a dashboard of logs is provisioned without Loki")
	}
}

func TestDashboardsOfTheProjectThatAreRefused(t *testing.T) {
	for _, c := range []struct{ name, text, file, want string }{
		{"no JSON", withGrafana, "{\n  oops", "dashboards/x.json:2:"},
		{"no dashboard", withGrafana, "{}", "dashboards/x.json: it has no title"},
		{"no uid", withGrafana, `{"title": "X", "panels": []}`, "it has no uid"},
		{"uid of monctl's", withGrafana, `{"uid": "monctl-node", "title": "X", "panels": []}`, `its uid "monctl-node" is that of node_exporter-node.json`},
		{"unknown", withGrafana + "apps: [{name: corea, targets: ['mon:8080'], dashboard: spring-bot}]\n", `{"uid": "x", "title": "X", "panels": []}`, `there is no dashboard "spring-bot" (did you mean "spring-boot"?)`},
	} {
		err := good(t, c.text).Bring(map[string][]byte{"x.json": []byte(c.file)})
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.KindOf(err) != fault.Usage {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	asks := withGrafana + "apps: [{name: corea, targets: ['mon:8080'], dashboard: corea}]\n"
	if err := good(t, asks).Bring(map[string][]byte{"corea.json": []byte(`{"uid": "x", "title": "X", "panels": []}`)}); err != nil {
		t.Errorf("one of the project: %v", err)
	}
}
