package dashboard

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var here = Bindings{Prometheus: "monctl-prometheus", Loki: "monctl-loki"}

// TestAnExportBinds uses a dashboard as Grafana's page "export for sharing" writes it, with every form of reference that
// was ever written.
func TestAnExportBinds(t *testing.T) {
	src, err := os.ReadFile("testdata/export.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Read("export.json", src)
	if err != nil {
		t.Fatal(err)
	}
	bound, notes, err := d.Bind(here)
	if err != nil {
		t.Fatal(err)
	}
	out, err := bound.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"__inputs", "__requires", "__elements", "DS_", "${ds}", "$ds", "VAR_JOB", `"libraryPanel"`, "influx"} {
		if strings.Contains(string(out), gone) {
			t.Errorf("%s is still there:\n%s", gone, out)
		}
	}
	got := map[string]string{}
	for _, p := range bound.Panels {
		for _, q := range p.Queries {
			got[p.Title+" "+q.Ref] = q.Datasource.Type + " " + q.Datasource.UID
		}
	}
	want := map[string]string{}
	for _, name := range []string{"input A", "old input A", "by name A", "default A", "variable A", "old variable A", "stranger A", "mixed A", "shared A", "in a row A"} {
		want[name] = "prometheus monctl-prometheus"
	}
	want["mixed B"], want["logs A"] = "loki monctl-loki", "loki monctl-loki"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, q := range bound.Questions(LastHour) {
		if q.Err != nil || strings.Contains(q.Ready, "$") {
			t.Errorf("%s: %s %v", q.Where(bound), q.Ready, q.Err)
		}
	}
	var said strings.Builder
	for _, n := range notes {
		fmt.Fprintf(&said, "%q %v %s\n", n.Panel, n.Lost, n.Text)
	}
	for _, part := range []string{
		`"influx" true left out: it needs a datasource of type influxdb`, `"mixed" true 1 of its queries left out: they need a datasource of type mysql`,
		`"lonely" true left out: it is a library panel (lonely)`, `"old input" false panels of type graph are removed from Grafana: it becomes a timeseries`,
		`"by name" true its alert is of a kind`, `"plugin" false panels of type acme-panel need a plugin`, `"" true annotation deploys left out: it needs a datasource of type elasticsearch`,
	} {
		if !strings.Contains(said.String(), part) {
			t.Errorf("notes lack %s:\n%s", part, said.String())
		}
	}
	again, notes, err := bound.Bind(here)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		if n.Lost {
			t.Errorf("a bound one loses more: %+v", n)
		}
	}
	if twice, _ := again.JSON(); string(twice) != string(out) {
		t.Error("binding again changes it")
	}
}

func TestOwnDashboardsAreBound(t *testing.T) {
	for _, list := range catalogue(t) {
		for _, d := range list {
			bound, notes, err := d.Bind(here)
			if err != nil || len(notes) > 0 || len(bound.Panels) != len(d.Panels) {
				t.Errorf("%s: %v %v", d.File, notes, err)
			}
		}
	}
}

func TestWithoutLokiItsPanelsGo(t *testing.T) {
	for _, d := range catalogue(t)["apps"] {
		bound, notes, err := d.Bind(Bindings{Prometheus: "monctl-prometheus"})
		if err != nil || len(notes) != 1 || notes[0].Panel != "Warnings and errors" || len(bound.Panels) != len(d.Panels)-1 {
			t.Errorf("%v %v", notes, err)
		}
	}
}
