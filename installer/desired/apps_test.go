package desired

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const appHosts = `hosts:
  mon: {address: 10.0.0.1, components: [prometheus, loki, grafana, alertmanager]}
  vm1: {address: 10.0.0.2, labels: {env: prod}, components: [alloy]}
  vm2: {address: 10.0.0.3}
`

// TestQueriesOfAppsWorkAsTyped: the labels that people's queries name are those that targets and streams have.
func TestQueriesOfAppsWorkAsTyped(t *testing.T) {
	s := good(t, appHosts+`apps:
  - {name: corea, kind: spring-boot, targets: [vm1:8080], logs: [/var/log/corea/*.log], dashboard: spring-boot}
`)
	var corea *Target
	for _, target := range s.Targets(the(t, s, "prometheus", "mon")) {
		if target.Job == "corea" {
			corea = &target
		}
	}
	want := &Target{Job: "corea", Address: "10.0.0.2:8080", Labels: map[string]string{"application": "corea", "instance": "vm1:8080", "env": "prod"}}
	if diff := cmp.Diff(want, corea); diff != "" {
		t.Error(diff)
	}
	if text := contents(t, s, "mon")["/etc/monctl/prometheus/prometheus.yml"]; !strings.Contains(text, `metrics_path: "/actuator/prometheus"`) {
		t.Error(text)
	}
	alloy := contents(t, s, "vm1")["/etc/monctl/alloy/config.alloy"]
	for _, line := range []string{`"app" = "corea",`, `"instance" = "vm1",`, `"env" = "prod",`, `values = {level = ""}`, `"__path__" = "/var/log/corea/*.log",`, `firstline `} {
		if !strings.Contains(alloy, line) {
			t.Errorf("no %s in\n%s", line, alloy)
		}
	}
	if s.Apps[0].Dashboard != "spring-boot" {
		t.Errorf("dashboard %q", s.Apps[0].Dashboard)
	}
}

func TestFaultsOfApps(t *testing.T) {
	for name, tt := range map[string]struct{ apps, want string }{
		"unknown kind":        {"{name: a, kind: sprint-boot, targets: [vm1:80]}", `app a: there is no kind "sprint-boot" (did you mean "spring-boot"?)`},
		"name of a component": {"{name: grafana, targets: [vm1:80]}", "app grafana: the name is one of monctl's own jobs"},
		"no log agent":        {"{name: a, targets: [vm2:80], logs: [/a.log]}", "app a: host vm2 has no log agent: add alloy to its components"},
		"logs elsewhere":      {"{name: a, targets: [x.example.org:80], logs: [/a.log]}", "app a: none of its targets is a host of this file"},
		"two of one target":   {"{name: a, targets: [vm1:80]}\n  - {name: b, targets: [vm1:80]}", "app b: target vm1:80 is one of app a already"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := stackOf(t, load(t, ""), appHosts+"apps:\n  - "+tt.apps+"\n")
			refused(t, err, tt.want, "monctl.yaml:")
		})
	}
	_, err := stackOf(t, load(t, ""), "hosts: {vm1: {address: 10.0.0.1, components: [node_exporter]}}\napps:\n  - {name: a, targets: [vm1:80]}\n")
	refused(t, err, "app a: no host runs prometheus")
	// Two paths of one address are two things.
	good(t, appHosts+"apps:\n  - {name: a, targets: [vm1:80]}\n  - {name: b, targets: [vm1:80], metrics_path: /b}\n")
}

// all gives every file of every host by "host path".
func all(t *testing.T, s *Stack) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, h := range s.Inventory.Hosts {
		for path, text := range contents(t, s, h.Name) {
			files[h.Name+" "+path] = text
		}
	}
	return files
}

// changed lists the files that differ, are new, or are gone.
func changed(before, after map[string]string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(merge(before, after))) {
		if before[name] != after[name] {
			names = append(names, name)
		}
	}
	return names
}

const wide = `hosts:
  mon: {address: 10.0.0.1, components: [prometheus, grafana, alertmanager, loki, alloy%s]}
  vm1: {address: 10.0.0.2, components: [node_exporter, alloy]}
  vm2: {address: 10.0.0.3, components: [node_exporter%s]}
`

func TestOneMoreExporterChangesWhatMentionsIt(t *testing.T) {
	before := all(t, good(t, fmt.Sprintf(wide, "", "")))
	after := all(t, good(t, fmt.Sprintf(wide, "", ", redis_exporter")))
	want := []string{
		"mon /etc/monctl/prometheus/prometheus.yml", "mon /etc/monctl/prometheus/rules/redis_exporter-redis.yml", "mon /etc/monctl/prometheus/rules/targets.yml",
		"mon /var/lib/monctl/.host/components/prometheus.json", // its list of files
		"vm2 /etc/systemd/system/monctl-redis-exporter.service", "vm2 /var/lib/monctl/.host/components/redis_exporter.json",
	}
	if diff := cmp.Diff(want, changed(before, after)); diff != "" {
		t.Error(diff)
	}
	// A second host with an exporter that is there already: two files here and its own there.
	text := strings.Replace(fmt.Sprintf(wide, "", ""), "vm2: {address: 10.0.0.3, components: [node_exporter]}", "vm2: {address: 10.0.0.3, components: [node_exporter]}\n  vm3: {address: 10.0.0.4, components: [node_exporter]}", 1)
	got := changed(before, all(t, good(t, text)))
	if diff := cmp.Diff([]string{
		"mon /etc/monctl/prometheus/prometheus.yml", "mon /etc/monctl/prometheus/rules/targets.yml",
		"vm3 /etc/systemd/system/monctl-node-exporter.service", "vm3 /var/lib/monctl/.host/components/node_exporter.json",
	}, got); diff != "" {
		t.Error(diff)
	}
}

// TestOneComponentLessIsNowhere: what a removed component brought to others is gone from their files, too.
func TestOneComponentLessIsNowhere(t *testing.T) {
	with := "\ncomponents: {grafana: {cloudwatch: {region: eu-central-1}}}\n"
	before := all(t, good(t, fmt.Sprintf(wide, ", blackbox_exporter", "")+with))
	after := all(t, good(t, strings.NewReplacer(", loki, alloy", "", ", alloy", "").Replace(fmt.Sprintf(wide, "", ""))))
	for _, word := range []string{"loki", "alloy", "blackbox", "cloudwatch"} {
		there := false
		for name, text := range before {
			there = there || strings.Contains(strings.ToLower(name+text), word)
		}
		if !there {
			t.Errorf("the test looks for %s, which was nowhere before", word)
		}
		for name, text := range after {
			if strings.Contains(name, "/rules/") || strings.HasSuffix(name, "node.json") {
				text = "" // prose and queries that come with a component that stays
			}
			if strings.Contains(strings.ToLower(name+text), word) {
				t.Errorf("%s still mentions %s:\n%s", name, word, text)
			}
		}
	}
	ini := "mon /etc/monctl/grafana/provisioning/datasources/monctl.yaml"
	if !strings.Contains(before[ini], "monctl-loki") || strings.Contains(after[ini], "monctl-loki") {
		t.Errorf("datasources:\n%s\n%s", before[ini], after[ini])
	}
}

func TestSlackIsJudgedBeforeAnythingIsTouched(t *testing.T) {
	const hosts = "hosts: {mon: {address: 10.0.0.1, components: [alertmanager]}}\ncomponents:\n"
	for name, tt := range map[string]struct{ slack, want string }{
		"no webhook": {"{channel: '#ops'}", "component alertmanager: slack: webhook is missing: address of an incoming webhook"},
		"no channel": {"{webhook: {env: HOOK}}", "component alertmanager: slack: channel is missing"},
		"typo":       {"{webhok: x, channel: y}", `component alertmanager: slack: there is no "webhok" (did you mean "webhook"?)`},
		"no mapping": {"'#ops'", "component alertmanager: slack: want a mapping of webhook, channel"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := stackOf(t, load(t, ""), hosts+"  alertmanager: {slack: "+tt.slack+"}\n")
			refused(t, err, tt.want, "monctl.yaml:3:")
		})
	}
	for value, want := range map[string]string{"": "the secret is empty", "T0/B0/x": "is not an http or https address", "https://x/ y": "is not an http", "ftp://x/y": "is not an http"} {
		t.Setenv("HOOK", value)
		_, err := good(t, hosts+"  alertmanager: {slack: {channel: '#ops', webhook: {env: HOOK}}}\n").Resources("mon", drawn)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "slack.webhook") || value != "" && strings.Contains(err.Error(), value) {
			t.Errorf("%q: %v", value, err)
		}
	}
	_, err := good(t, hosts+"  alertmanager: {slack: {channel: '#ops', webhook: {env: NOT_SET_AT_ALL}}}\n").Resources("mon", drawn)
	if err == nil || !strings.Contains(err.Error(), "slack.webhook: {env: NOT_SET_AT_ALL}: environment variable is not set") {
		t.Error(err)
	}
}

// TestSecretsOfProcesses: what a process gets by its environment is readable by root alone, in systemd's and sh's quoting.
func TestSecretsOfProcesses(t *testing.T) {
	for _, password := range passwords {
		t.Setenv("PASSWORD", password)
		s := good(t, "hosts: {h: {address: 10.0.0.1, components: [redis_exporter]}}\ncomponents: {redis_exporter: {password: {env: PASSWORD}}}\n")
		files := contents(t, s, "h")
		content := files["/etc/monctl/redis_exporter/password"]
		if got := SecretIn(the(t, s, "redis_exporter", "h").Component.Secrets[0], content); got != password {
			t.Errorf("%q is read back as %q from %s", password, got, content)
		}
		for name, text := range files {
			if name != "/etc/monctl/redis_exporter/password" && len(password) > 5 && strings.Contains(text, password) {
				t.Errorf("the password is in %s", name)
			}
		}
	}
}
