package dashboard

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/monctl/monctl/templates"
)

// catalogue gives every dashboard that monctl brings, by the folder that brings it.
func catalogue(t *testing.T) map[string][]*Dashboard {
	t.Helper()
	catalog, err := templates.Load("")
	if err != nil {
		t.Fatal(err)
	}
	apps, err := templates.AppDashboards()
	if err != nil {
		t.Fatal(err)
	}
	brought := map[string]map[string][]byte{"apps": apps}
	for name, c := range catalog {
		brought[name] = c.Dashboards
	}
	all := map[string][]*Dashboard{}
	for name, files := range brought {
		for _, file := range slices.Sorted(maps.Keys(files)) {
			d, err := Read(name+"/dashboards/"+file, files[file])
			if err != nil {
				t.Fatal(err)
			}
			all[name] = append(all[name], d)
		}
	}
	for _, name := range []string{"node_exporter", "mysqld_exporter", "postgres_exporter", "prometheus", "alertmanager", "loki", "grafana", "apps"} {
		if len(all[name]) == 0 {
			t.Errorf("%s brings no dashboard", name)
		}
	}
	return all
}

// TestOwnQueries: every query parses, by the parsers, and chooses the series that the scrape configuration makes.
func TestOwnQueries(t *testing.T) {
	total := 0
	for name, list := range catalogue(t) {
		for _, d := range list {
			for _, q := range append(d.Choices(LastHour), d.Questions(LastHour)...) {
				total++
				if q.Err != nil {
					t.Errorf("%s: %v\n%s", q.Where(d), q.Err, q.Text)
				}
				if q.Datasource.Type == Prometheus {
					chooses(t, q.Where(d), name, q.Ready)
				}
			}
		}
	}
	if total < 200 {
		t.Errorf("only %d queries were found", total)
	}
}

// chooses wants the job of the component, or the application, in every selector; the dashboard of the stack may look at
// all jobs.
func chooses(t *testing.T, where, component, query string) {
	t.Helper()
	expr, err := parsePromQL(query)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		s, ok := node.(*parser.VectorSelector)
		if !ok || slices.Contains([]string{"ALERTS", "up", "scrape_duration_seconds", "scrape_samples_scraped"}, s.Name) {
			return nil
		}
		for _, m := range s.LabelMatchers {
			if m.Name == "job" && m.Matches(component) && !m.Matches("another") || component == "apps" && m.Name == "application" {
				return nil
			}
		}
		t.Errorf("%s: %s chooses by neither job nor application", where, s)
		return nil
	})
}

// rare are metrics that a component gives only sometimes, and why they are not in its list.
var rare = []struct{ name, why string }{
	{"mysql_slave_status_", "of a replica; names as in mysqld_exporter's collector/slave_status.go"},
	{"pg_stat_checkpointer_", "of PostgreSQL 17 and newer"},
	{"mysql_info_schema_innodb_metrics_lock_lock_deadlocks_total", "the name in MySQL 8, beside the one in MariaDB"},
	{"ALERTS", "made by Prometheus while an alert is there"},
	{"up", "made by Prometheus"},
	{"scrape_", "made by Prometheus"},
}

// exposed lists the metrics of a component, as a real one gave them (see the README beside the list).
func exposed(t *testing.T, component string) NameList {
	t.Helper()
	text, err := os.ReadFile("../../templates/" + component + "/testdata/metrics.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// TestOwnMetrics compares what dashboards and alert rules ask for with what the real programs expose.
func TestOwnMetrics(t *testing.T) {
	catalog, err := templates.Load("")
	if err != nil {
		t.Fatal(err)
	}
	boards := catalogue(t)
	for _, name := range []string{"node_exporter", "mysqld_exporter", "postgres_exporter", "prometheus", "alertmanager", "loki", "apps", "grafana"} {
		have := append(exposed(t, name), exposed(t, "prometheus")...) // which says of Alertmanagers what it sees
		asked := 0
		wants := func(where, query string) {
			q := Question{Ready: query}
			for _, m := range q.Missing(nothing{}) {
				asked++
				if !have.Has(m) && !slices.ContainsFunc(rare, func(r struct{ name, why string }) bool { return strings.HasPrefix(m, r.name) }) {
					t.Errorf("%s: %s gives no %s", where, name, m)
				}
			}
		}
		for _, d := range boards[name] {
			for _, q := range append(d.Choices(LastHour), d.Questions(LastHour)...) {
				if q.Datasource.Type == Prometheus {
					wants(q.Where(d), q.Ready)
				}
			}
		}
		if c := catalog[name]; c != nil {
			for file, source := range c.Rules {
				groups, errs := rulefmt.Parse(source, false, model.UTF8Validation, parser.NewParser(parser.Options{}), nil)
				if len(errs) > 0 {
					t.Fatalf("%s: %v", file, errs)
				}
				for _, g := range groups.Groups {
					for _, r := range g.Rules {
						wants(file+": "+r.Alert, r.Expr)
					}
				}
			}
		}
		if asked < 8 {
			t.Errorf("%s: only %d metrics are asked for", name, asked)
		}
	}
}

// panelTypes are part of every Grafana since 8.
var panelTypes = []string{"timeseries", "stat", "table", "logs"}

func TestOwnPanels(t *testing.T) {
	uids := map[string]string{}
	runbooks, err := os.ReadFile("../../docs/runbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range catalogue(t) {
		for _, d := range list {
			if other := uids[d.UID]; other != "" || !strings.HasPrefix(d.UID, "monctl-") {
				t.Errorf("%s: uid %q is that of %q", d.File, d.UID, other)
			}
			uids[d.UID] = d.File
			for _, p := range d.Panels {
				where := fmt.Sprintf("%s: panel %q", d.File, p.Title)
				if !slices.Contains(panelTypes, p.Type) || p.Title == "" || len(p.Queries) == 0 {
					t.Errorf("%s: type %s, %d queries", where, p.Type, len(p.Queries))
				}
			}
			if len(d.Panels) > 27 {
				t.Errorf("%s has %d panels: too many to be calm", d.File, len(d.Panels))
			}
			eachPanel(d.tree, func(p object) { complete(t, d, p, string(runbooks)) })
			apart(t, d)
		}
	}
}

var runbookLink = regexp.MustCompile(`docs/runbooks\.md#(\w+)`)

// complete wants a text, a unit, bound datasources and links that lead somewhere.
func complete(t *testing.T, d *Dashboard, p object, runbooks string) {
	t.Helper()
	where := fmt.Sprintf("%s: panel %q", d.File, text(p, "title"))
	defaults := inner(inner(p, "fieldConfig"), "defaults")
	kind := text(p, "type")
	if text(p, "description") == "" || text(defaults, "unit") == "" && kind != "table" && kind != "logs" {
		t.Errorf("%s: no description or no unit", where)
	}
	for _, s := range append(objects(p, "targets"), p) {
		if s := datasourceOf(s["datasource"]); s.UID != "monctl-"+s.Type {
			t.Errorf("%s is bound to %+v", where, s)
		}
	}
	for _, m := range runbookLink.FindAllStringSubmatch(text(p, "description"), -1) {
		if !strings.Contains(strings.ToLower(runbooks), "\n## "+m[1]+"\n") {
			t.Errorf("%s: there is no runbook %s", where, m[1])
		}
	}
}

// apart wants panels on the grid and none on top of another.
func apart(t *testing.T, d *Dashboard) {
	t.Helper()
	taken := map[[2]int]string{}
	for _, p := range objects(d.tree, "panels") {
		g := inner(p, "gridPos")
		x, y, w, h := number(g, "x"), number(g, "y"), number(g, "w"), number(g, "h")
		if x < 0 || w < 1 || h < 1 || x+w > 24 {
			t.Errorf("%s: panel %q is off the grid", d.File, text(p, "title"))
		}
		for i := x; i < x+w; i++ {
			for j := y; j < y+h; j++ {
				if other := taken[[2]int{i, j}]; other != "" {
					t.Fatalf("%s: panels %q and %q overlap", d.File, other, text(p, "title"))
				}
				taken[[2]int{i, j}] = text(p, "title")
			}
		}
	}
}
