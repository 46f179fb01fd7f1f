package installer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/templates"
)

func TestStale(t *testing.T) {
	grafana := desired.Instance{Component: &templates.Component{Name: "grafana"}, Data: "/data/grafana"}
	manifests := []desired.Manifest{
		{Component: "loki", Unit: "monctl-loki.service", User: "monctl-loki", Config: "/etc/monctl/loki", Data: "/data/loki", Release: "/opt/monctl/loki"},
		{Component: "jmx_exporter", Config: "/etc/monctl/jmx_exporter", Release: "/opt/monctl/jmx_exporter", Files: []string{"/etc/monctl/jmx_exporter/x"}},
		{Component: "grafana", Config: "/etc/monctl/grafana", Data: "/data/grafana", Files: []string{
			"/etc/monctl/grafana/grafana.ini", "/etc/monctl/grafana/dashboards/old.json", "/data/grafana/old_secret", "/data/grafana/admin_password", "/etc/passwd",
		}},
	}
	wanted := []resource.Resource{resource.File{Path: "/etc/monctl/grafana/grafana.ini"}, resource.File{Path: "/data/grafana/admin_password"}}
	first, last, kept := stale("h", manifests, []desired.Instance{grafana}, wanted)
	var got []string
	for _, r := range first {
		got = append(got, r.Key())
	}
	if diff := cmp.Diff([]string{
		"stopped monctl-loki.service", "gone /etc/systemd/system/monctl-loki.service", "gone /etc/monctl/loki", "gone /opt/monctl/loki",
		"gone /var/lib/monctl/.host/components/loki.json",
		"gone /etc/monctl/jmx_exporter", "gone /opt/monctl/jmx_exporter", "gone /var/lib/monctl/.host/components/jmx_exporter.json",
	}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]resource.Resource{resource.Gone{Path: "/etc/monctl/grafana/dashboards/old.json"}, resource.Gone{Path: "/data/grafana/old_secret"}}, last); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Kept{{"h", "loki", "/data/loki"}}, kept); diff != "" {
		t.Error(diff)
	}
	moved := grafana
	moved.Data = "/elsewhere"
	if _, last, _ := stale("h", manifests[2:], []desired.Instance{moved}, nil); len(last) != 2 {
		t.Errorf("after a move of the data: %v", last)
	}
}
