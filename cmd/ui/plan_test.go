package ui

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/fleet/facts"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
)

// change lists one change of each sort.
func changes() []plan.Change {
	file := func(path, content string) resource.File { return resource.File{Path: path, Content: []byte(content)} }
	secret := file("/etc/monctl/grafana/admin_password", "topsecret")
	secret.Secret = true
	return []plan.Change{
		{Resource: resource.User{Name: "monctl-prometheus"}, Action: plan.Create, Why: "missing"},
		{Resource: file("/etc/monctl/x.yml", strings.Repeat("line\n", 20)), Action: plan.Create, Why: "missing"},
		{Resource: file("/etc/monctl/y.yml", "a\nnew\nc\n"), Action: plan.Update, Why: "content differs"},
		{Resource: secret, Action: plan.Update, Why: "content differs"},
		{Resource: file("/var/lib/monctl/.host/components/x.json", "{}\n"), Action: plan.Create},
		{Resource: resource.Link{Path: "/opt/monctl/x/current", Target: "2.0.0"}, Action: plan.Update, Why: "points to 1.0.0"},
		{Resource: resource.Check{Command: "promtool check config"}, Action: plan.Run},
		{Resource: resource.Service{Unit: "monctl-x.service"}, Action: plan.Restart, Why: "new /opt/monctl/x/current"},
		{Resource: resource.Gone{Path: "/etc/monctl/old", Tree: true}, Action: plan.Remove, Why: "not wanted any more"},
		{Resource: resource.Purge{Path: "/var/lib/monctl/old"}, Action: plan.Remove},
	}
}

func planRun() *installer.Run {
	host := func(name, arch string, c []plan.Change, err error) *installer.Host {
		return &installer.Host{Name: name, Facts: facts.Facts{Arch: arch}, Plan: plan.Plan{Host: name, Changes: c}, Err: err}
	}
	return &installer.Run{
		Stack: &desired.Stack{Inventory: &inventory.Inventory{}},
		Hosts: []*installer.Host{
			host("vm1", "amd64", changes(), nil), host("vm2", "arm64", changes()[:1], nil),
			host("vm3", "amd64", changes(), nil), host("vm4", "amd64", nil, nil), host("vm5", "", nil, errors.New("vm5: gone")),
		},
	}
}

func contents() map[string]map[string]string {
	old := map[string]string{"/etc/monctl/y.yml": "a\nold\nc\n", "/etc/monctl/grafana/admin_password": "oldsecret"}
	return map[string]map[string]string{"vm1": old, "vm3": old}
}

const planText = `vm1, vm3  (2 hosts)  amd64
  + create   user monctl-prometheus
  + create   file /etc/monctl/x.yml
      + line
      + line
      + line
      + line
      + line
      + line
      + line
      + line
      + line
      + line
      + line
      + line
      … 8 more lines (--full)
  ~ update   file /etc/monctl/y.yml  content differs
      @@ -1,3 +1,3 @@
       a
      -old
      +new
       c
  ~ update   file /etc/monctl/grafana/admin_password  content differs
      (secret, not shown)
  + create   file /var/lib/monctl/.host/components/x.json
  ~ update   link /opt/monctl/x/current → 2.0.0  points to 1.0.0
  ? check    promtool check config
  ↻ restart  unit monctl-x.service  new current
  - remove   folder /etc/monctl/old
  - remove   data /var/lib/monctl/old  deleted for good

vm2  arm64
  + create   user monctl-prometheus

5 hosts: 7 to create, 6 to change, 2 to restart, 4 to remove; 1 host cannot be planned
`

func TestPlan(t *testing.T) {
	u, out, _ := plain(Options{})
	u.Plan(PlanView{Run: planRun(), Contents: contents()})
	if diff := cmp.Diff(planText, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsAreInNoPlan(t *testing.T) {
	for _, o := range []Options{{}, {JSON: true}, {Verbose: true}} {
		u, out, story := plain(o)
		u.Plan(PlanView{Run: planRun(), Contents: contents(), Full: true})
		for _, secret := range []string{"topsecret", "oldsecret"} {
			if strings.Contains(out.String()+story.String(), secret) {
				t.Errorf("%+v: the plan shows %s", o, secret)
			}
		}
	}
}

func TestTally(t *testing.T) {
	for _, tt := range []struct {
		tally Tally
		want  string
	}{
		{Tally{Hosts: 3}, "3 hosts: nothing to change"},
		{Tally{Hosts: 1, Create: 21, Start: 2}, "1 host: 21 to create, 2 to start"},
		{Tally{Hosts: 3, Change: 2, Restart: 1, Unplanned: 1}, "3 hosts: 2 to change, 1 to restart; 1 host cannot be planned"},
		{Tally{Hosts: 2, Unplanned: 2}, "2 hosts: nothing can be planned"},
	} {
		if got := tt.tally.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
