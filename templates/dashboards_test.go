package templates

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// prometheusUID is the datasource that the installer provisions; installer/desired has a test that it is the same.
const prometheusUID = "monctl-prometheus"

type datasource struct{ Type, UID string }

type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Templating    struct {
		List []struct {
			Name, Type string
			Datasource *datasource
			Query      struct{ Query string }
		}
	}
	Panels []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               *datasource
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []struct {
		RefID, Expr string
		Datasource  *datasource
	}
	FieldConfig struct{ Defaults struct{ Unit string } }
	Panels      []panel
}

// dashboards decodes every dashboard of the catalogue, by "component/file".
func dashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	catalog, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]dashboard{}
	for _, name := range catalog.Names() {
		for file, source := range catalog[name].Dashboards {
			var d dashboard
			if err := json.Unmarshal(source, &d); err != nil {
				t.Fatalf("%s/dashboards/%s: %v", name, file, err)
			}
			found[name+"/"+file] = d
		}
	}
	if len(found) == 0 {
		t.Fatal("no dashboard is embedded")
	}
	return found
}

func TestDashboardsArePrettyPrinted(t *testing.T) {
	catalog, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range catalog {
		for file, source := range c.Dashboards {
			var want bytes.Buffer
			if err := json.Indent(&want, source, "", "  "); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want.Bytes(), source) {
				t.Errorf("%s/dashboards/%s: not indented by two spaces", c.Name, file)
			}
		}
	}
}

func TestHostsDashboard(t *testing.T) {
	d, ok := dashboards(t)["node_exporter/node.json"]
	if !ok {
		t.Fatal("node_exporter has no node.json")
	}
	if d.UID != "monctl-node" || d.Title != "Hosts" || d.SchemaVersion < 39 {
		t.Errorf("uid %q, title %q, schema version %d", d.UID, d.Title, d.SchemaVersion)
	}
	if len(d.Templating.List) != 1 || d.Templating.List[0].Name != "instance" ||
		d.Templating.List[0].Query.Query != "label_values(node_uname_info, instance)" {
		t.Errorf("variables: %+v", d.Templating.List)
	}
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			selectors := strings.Count(q.Expr, "{")
			if n := strings.Count(q.Expr, `{job="node_exporter", instance=~"$instance"`); n != selectors || n == 0 {
				t.Errorf("panel %q: %d of %d selectors choose the job and the hosts: %s", p.Title, n, selectors, q.Expr)
			}
			if strings.Contains(q.Expr, "rate(") && !strings.Contains(q.Expr, "[$__rate_interval]") {
				t.Errorf("panel %q: a rate over a fixed time: %s", p.Title, q.Expr)
			}
		}
	}
}

func TestDashboardPanelsAreComplete(t *testing.T) {
	core := []string{"row", "timeseries", "stat", "table", "bargauge"} // all are part of Grafana 11 to 13
	uids := map[string]string{}
	for name, d := range dashboards(t) {
		if other := uids[d.UID]; other != "" || d.UID == "" {
			t.Errorf("%s: uid %q is that of %q", name, d.UID, other)
		}
		uids[d.UID] = name
		for _, v := range d.Templating.List {
			if v.Type == "query" {
				bound(t, name+": variable "+v.Name, v.Datasource)
			}
		}
		ids := map[int]bool{}
		for _, p := range d.Panels {
			where := fmt.Sprintf("%s: panel %q", name, p.Title)
			if ids[p.ID] || p.ID == 0 || p.Title == "" || !slices.Contains(core, p.Type) || len(p.Panels) > 0 {
				t.Errorf("%s: id %d, type %s, %d inner panels", where, p.ID, p.Type, len(p.Panels))
			}
			ids[p.ID] = true
			if p.Type != "row" {
				complete(t, where, p)
			}
		}
	}
}

func complete(t *testing.T, where string, p panel) {
	t.Helper()
	bound(t, where, p.Datasource)
	if p.Description == "" || len(p.Targets) == 0 {
		t.Errorf("%s: no description or no query", where)
	}
	if p.FieldConfig.Defaults.Unit == "" && p.Type != "table" {
		t.Errorf("%s: no unit", where)
	}
	refs := map[string]bool{}
	for _, q := range p.Targets {
		if refs[q.RefID] || q.RefID == "" {
			t.Errorf("%s: query id %q is missing or there twice", where, q.RefID)
		}
		refs[q.RefID] = true
		bound(t, where+" query "+q.RefID, q.Datasource)
		if err := balanced(q.Expr); err != nil {
			t.Errorf("%s: %v: %s", where, err, q.Expr)
		}
	}
}

func bound(t *testing.T, where string, d *datasource) {
	t.Helper()
	if d == nil || *d != (datasource{"prometheus", prometheusUID}) {
		t.Errorf("%s: bound to %+v, not to %s", where, d, prometheusUID)
	}
}

// balanced looks at brackets outside of quoted text.
func balanced(expr string) error {
	closing := map[rune]rune{'(': ')', '[': ']', '{': '}'}
	var open []rune
	quoted := false
	for _, r := range expr {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case closing[r] != 0:
			open = append(open, closing[r])
		case strings.ContainsRune(")]}", r):
			if len(open) == 0 || open[len(open)-1] != r {
				return fmt.Errorf("unexpected %c", r)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 || quoted || expr == "" {
		return fmt.Errorf("the expression ends early")
	}
	return nil
}

func TestBalanced(t *testing.T) {
	for expr, good := range map[string]bool{`sum(rate(a{b="(["}[5m]))`: true, "": false, "(a": false, "a)": false, "(a]": false, `a{b="}`: false} {
		if err := balanced(expr); (err == nil) != good {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

func TestDashboardPanelsDoNotOverlap(t *testing.T) {
	for name, d := range dashboards(t) {
		taken := map[[2]int]panel{}
		for _, p := range d.Panels {
			g := p.GridPos
			if g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
				t.Errorf("%s: panel %q is off the grid: %+v", name, p.Title, g)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other, there := taken[[2]int{x, y}]; there {
						t.Fatalf("%s: panels %q and %q overlap", name, other.Title, p.Title)
					}
					taken[[2]int{x, y}] = p
				}
			}
		}
	}
}

var nodeMetric = regexp.MustCompile(`\bnode_[a-zA-Z0-9_]+\b`)

func TestHostsDashboardAsksForRealMetrics(t *testing.T) {
	list, err := os.ReadFile("node_exporter/testdata/metrics.txt")
	if err != nil {
		t.Fatal(err)
	}
	exposed := strings.Fields(string(list))
	var asked []string
	for _, p := range dashboards(t)["node_exporter/node.json"].Panels {
		for _, q := range p.Targets {
			for _, m := range nodeMetric.FindAllString(strings.ReplaceAll(q.Expr, `"node_exporter"`, ""), -1) {
				asked = append(asked, m)
				if !slices.Contains(exposed, m) {
					t.Errorf("panel %q: node_exporter gives no %s", p.Title, m)
				}
			}
		}
	}
	if len(asked) < 50 {
		t.Errorf("only %d metrics found in the queries: the test looks at the wrong place", len(asked))
	}
}

// TestDashboardQueriesParse hands every query to Prometheus' own parser, as rules.
func TestDashboardQueriesParse(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not in PATH (Debian: package prometheus)")
	}
	variables := strings.NewReplacer("$__rate_interval", "1m", "$instance", ".*")
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var rules []rule
	for _, d := range dashboards(t) {
		for _, p := range d.Panels {
			for _, q := range p.Targets {
				rules = append(rules, rule{fmt.Sprintf("panel_%d_%s", p.ID, q.RefID), variables.Replace(q.Expr)})
			}
		}
	}
	file := filepath.Join(t.TempDir(), "rules.yml") // JSON is YAML
	b, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "queries", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(promtool, "check", "rules", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), fmt.Sprintf("%d rules found", len(rules))) {
		t.Errorf("%v\n%s", err, out)
	}
}
