package desired

import (
	"slices"
	"strings"
	"testing"
)

// place replaces components of hosts, "h1 prometheus monitor", in turn.
func place(t *testing.T, s *Stack, words ...string) *Stack {
	t.Helper()
	for _, w := range words {
		f := strings.Fields(w)
		replaced, err := s.Replace(f[0], s.Catalog[f[1]], s.Catalog[f[2]])
		if err != nil {
			t.Fatal(err)
		}
		s = replaced
	}
	return filled(s)
}

func addresses(s *Stack, from Instance) (list []string) {
	for _, t := range s.Targets(from) {
		path := t.Path
		if path == "" {
			path = s.Catalog[t.Job].Metrics
		}
		list = append(list, t.Job+" "+t.Address+path)
	}
	return list
}

const twoHosts = "hosts:\n  a: {address: 10.0.0.1, components: [prometheus, node_exporter, grafana]}\n  b: {address: 10.0.0.2, components: [node_exporter]}\n"

func TestMonitorInPlaceOfEverythingThatCannotBeHad(t *testing.T) {
	s := place(t, good(t, twoHosts), "a prometheus monitor", "a node_exporter monitor", "b node_exporter monitor")
	a, b := the(t, s, "monitor", "a"), the(t, s, "monitor", "b")
	want := []string{"grafana 127.0.0.1:3000/metrics", "monitor 127.0.0.1:9090/metrics", "node_exporter 127.0.0.1:9090/node/metrics", "node_exporter 10.0.0.2:9100/metrics"}
	if got := addresses(s, a); !slices.Equal(got, want) {
		t.Errorf("a scrapes %q, want %q", got, want)
	}
	if got := addresses(s, b); !slices.Equal(got, []string{"node_exporter 127.0.0.1:9100/metrics"}) {
		t.Errorf("b is there for its own host, and scrapes %q", got)
	}
	if list := s.Scrapers(); len(list) != 1 || list[0].Host.Name != "a" {
		t.Errorf("scrapers: %v", list)
	}
	if d := s.Datasources(the(t, s, "grafana", "a")); len(d) != 1 || d[0].UID != PrometheusUID || d[0].URL != "http://127.0.0.1:9090" {
		t.Errorf("datasources: %+v", d)
	}
	unit := func(host string) string { return contents(t, s, host)["/etc/systemd/system/monctl-monitor.service"] }
	if strings.Contains(unit("a"), "node-exporter") || !strings.Contains(unit("b"), " \\\n  --node-exporter\n") {
		t.Errorf("units:\n%s\n%s", unit("a"), unit("b"))
	}
	if manifest := contents(t, s, "a")[ManifestPath("monitor")]; !strings.Contains(manifest, `"in_place_of":["prometheus","node_exporter"]`) {
		t.Errorf("the manifest does not say so: %s", manifest)
	}
	if _, there := contents(t, s, "a")["/etc/monctl/monitor/rules/node_exporter-node.yml"]; !there {
		t.Error("the alerts on hosts are gone with node_exporter")
	}
}

// One that another scraper finds under the address and the path of node_exporter needs no change of that scraper.
func TestMonitorInPlaceOfNodeExporterLooksLikeOne(t *testing.T) {
	before := good(t, twoHosts)
	after := place(t, before, "b node_exporter monitor")
	if a, b := addresses(before, the(t, before, "prometheus", "a")), addresses(after, the(t, after, "prometheus", "a")); !slices.Equal(a, b) {
		t.Errorf("before %q, after %q", a, b)
	}
}

func TestSettingsGoOver(t *testing.T) {
	text := twoHosts + "components:\n  prometheus: {port: 19090, retention: 30d, data_dir: /srv/p, scrape_interval: 5s, args: [--x]}\n  monitor: {scrape_interval: 7s}\n"
	s := place(t, good(t, text), "a prometheus monitor")
	i := the(t, s, "monitor", "a")
	if i.Port != 19090 || i.Data != "/srv/p" || i.Set["retention"] != "30d" || i.Set["scrape_interval"] != "7s" || i.Set["args"] != nil {
		t.Errorf("port %d, data %s, settings %v", i.Port, i.Data, i.Set)
	}
	if got := s.NotShared(s.Catalog["prometheus"], s.Catalog["monitor"]); !slices.Equal(got, []string{"args"}) {
		t.Errorf("left out: %q", got)
	}
}

func TestMonitorBesidePrometheus(t *testing.T) {
	text := "hosts:\n  a: {address: 10.0.0.1, components: [prometheus, monitor]}\n"
	_, err := stackOf(t, load(t, ""), text)
	refused(t, err, "prometheus and monitor both listen on port 9090")
	s := good(t, text+"components: {monitor: {port: 9091}}\n")
	if _, err := s.Replace("a", s.Catalog["prometheus"], s.Catalog["monitor"]); err == nil || !strings.Contains(err.Error(), "runs monitor already") {
		t.Errorf("replaced by what is there: %v", err)
	}
	if got := addresses(s, the(t, s, "monitor", "a")); !slices.Contains(got, "prometheus 127.0.0.1:9090/metrics") || !slices.Contains(got, "node_exporter 127.0.0.1:9091/node/metrics") {
		t.Errorf("it scrapes %q", got)
	}
}
