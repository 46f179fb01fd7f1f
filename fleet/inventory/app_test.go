package inventory

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const twoHosts = "hosts: {vm1: 10.0.0.1, vm2: 10.0.0.2}\n"

func TestApps(t *testing.T) {
	t.Setenv("TOKEN", "a&b")
	inv, err := Parse("monctl.yaml", []byte(twoHosts+`apps:
  - {name: corea, targets: [vm1:8080], metrics_path: /actuator/prometheus, logs: [/var/log/corea/*.log], dashboard: spring-boot}
  - name: jira
    kind: jira
    scheme: https
    targets: ["[fd00::1]:443", 10.0.0.9:8443, u.example.org:443]
    params: {token: {env: TOKEN}, all: "1"}
    labels: {team: ops}
  - {name: batch, logs: /srv/batch.log, hosts: all}
`))
	if err != nil {
		t.Fatal(err)
	}
	corea, jira, batch := inv.Apps[0], inv.Apps[1], inv.Apps[2]
	if corea.Name != "corea" || corea.Targets[0].Host != "vm1" || corea.Targets[0].Port != "8080" || corea.Targets[0].Text != "vm1:8080" ||
		corea.Path != "/actuator/prometheus" || corea.Dashboard != "spring-boot" || corea.Scheme != "http" || !cmp.Equal(corea.Logs, []string{"/var/log/corea/*.log"}) {
		t.Errorf("%+v", corea)
	}
	if diff := cmp.Diff([]Param{{"token", "a&b", true}, {"all", "1", false}}, jira.Params); diff != "" {
		t.Error(diff)
	}
	if jira.Targets[0].Host != "fd00::1" || jira.Targets[1].Host != "10.0.0.9" || jira.Labels["team"] != "ops" || jira.Kind != "jira" {
		t.Errorf("%+v", jira)
	}
	if !cmp.Equal(batch.Hosts, []string{"vm1", "vm2"}) || !cmp.Equal(batch.Logs, []string{"/srv/batch.log"}) {
		t.Errorf("%+v", batch)
	}
}

func TestFaultsOfApps(t *testing.T) {
	t.Setenv("SECRET_PATH", "not a path")
	for name, tt := range map[string]struct{ apps, want string }{
		"no list":            {"apps: {corea: {}}", "monctl.yaml:2:7: apps: want a list, have a mapping"},
		"no name":            {"apps:\n  - {targets: [vm1:80]}", "monctl.yaml:3:5: apps: an app needs a name"},
		"two of one name":    {"apps:\n  - {name: a, targets: [vm1:80]}\n  - {name: a, targets: [vm2:80]}", `monctl.yaml:4:12: apps: app "a" is there already, in line 3`},
		"odd name":           {"apps:\n  - {name: 'a b', targets: [vm1:80]}", `apps: name "a b": want letters`},
		"nothing to watch":   {"apps:\n  - {name: a}", "apps.a: has neither targets nor logs"},
		"unknown key":        {"apps:\n  - {name: a, target: vm1:80}", `unknown key "target" (did you mean "targets"?)`},
		"no port":            {"apps:\n  - {name: a, targets: [vm1]}", `apps.a.targets: "vm1": want HOST:PORT`},
		"a URL":              {"apps:\n  - {name: a, targets: ['http://vm1:80/metrics']}", `apps.a.targets: "http://vm1:80/metrics": want HOST:PORT`},
		"one target twice":   {"apps:\n  - {name: a, targets: [vm1:80, vm1:80]}", `apps.a.targets: "vm1:80" is listed twice`},
		"path with a query":  {"apps:\n  - {name: a, targets: [vm1:80], metrics_path: '/m?x=1'}", "apps.a.metrics_path: want a path such as /metrics; parameters go to params"},
		"relative log":       {"apps:\n  - {name: a, targets: [vm1:80], logs: [log/a.log]}", `apps.a.logs: "log/a.log" is not an absolute path`},
		"folder of logs":     {"apps:\n  - {name: a, targets: [vm1:80], logs: [/var/log/a/]}", `apps.a.logs: "/var/log/a/" is not an absolute path of log files`},
		"log with a command": {"apps:\n  - {name: a, targets: [vm1:80], logs: ['/var/log/$(id).log']}", "is not an absolute path of log files"},
		"log upwards":        {"apps:\n  - {name: a, targets: [vm1:80], logs: [/var/log/../x.log]}", "is not an absolute path of log files"},
		"log twice":          {"apps:\n  - {name: a, targets: [vm1:80], logs: [/a.log, /a.log]}", `"/a.log" is listed twice`},
		"unknown host":       {"apps:\n  - {name: a, logs: [/a.log], hosts: [vm3]}", `apps.a.hosts: there is no host "vm3" (did you mean "vm1"?)`},
		"monctl's label":     {"apps:\n  - {name: a, targets: [vm1:80], labels: {instance: x}}", "apps.a.labels: label instance is set by monctl"},
		"no label":           {"apps:\n  - {name: a, targets: [vm1:80], labels: {a-b: x}}", `label name "a-b"`},
		"scheme":             {"apps:\n  - {name: a, targets: [vm1:80], scheme: ftp}", "apps.a.scheme: want http or https"},
		"parameter's name":   {"apps:\n  - {name: a, targets: [vm1:80], params: {'a b': x}}", `apps.a.params: name "a b"`},
		"missing secret":     {"apps:\n  - {name: a, targets: [vm1:80], params: {token: {env: NOT_SET_AT_ALL}}}", "environment variable is not set"},
		"secret not quoted":  {"apps:\n  - {name: a, targets: [vm1:80], logs: [{env: SECRET_PATH}]}", "{env: SECRET_PATH} is not an absolute path"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("monctl.yaml", []byte(twoHosts+tt.apps+"\n"))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want %q in: %v", tt.want, err)
			}
		})
	}
}

// TestWordsWithColonsInFlowLists: the YAML library reads vm1:8080 there as a mapping.
func TestWordsWithColonsInFlowLists(t *testing.T) {
	for text, want := range map[string]string{
		"[vm1:8080]":            "vm1:8080",
		"[10.0.0.1:22, x]":      "10.0.0.1:22",
		"[u@h.example.org:022]": "u@h.example.org:022",
		"['q:1']":               "q:1",
	} {
		inv, err := Parse("monctl.yaml", []byte("hosts: {vm1: 10.0.0.1}\ncomponents: {x: {list: "+text+"}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if list, ok := inv.Components[0].Settings["list"].Value.([]any); !ok || list[0] != want {
			t.Errorf("%s: got %v", text, inv.Components[0].Settings["list"].Value)
		}
	}
	inv, err := Parse("monctl.yaml", []byte("hosts: {vm1: 10.0.0.1}\ncomponents: {x: {list: [a: b, \"c\":d]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{map[string]any{"a": "b"}, map[string]any{"c": "d"}}, inv.Components[0].Settings["list"].Value); diff != "" {
		t.Error(diff)
	}
}
