package templates

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const ownComponent = `name: ping_exporter
title: Ping exporter
about: measures round trips
license: MIT
docs: https://example.org/ping
release:
  source: github
  repo: example/ping_exporter
  tag: v{version}
  file: ping_exporter-{version}.linux-{arch}.tar.gz
  archs: {amd64: amd64}
  binaries: [ping_exporter]
  format: tar.gz
port: 9427
settings:
  - {name: size, type: int, default: 56, about: bytes of a packet}
  - {name: token, type: secret, about: a secret}
exec: [ping_exporter]
reload: hup
files:
  - {path: targets.txt, template: targets.txt.tmpl, effect: reload}
secrets:
  - {name: token, setting: token, user: me}
ready: /metrics
`

const noPins = "version\tarch\tfile\tbuild\tsha256\tsources\n"

// own writes an operator's catalogue with one component, and gives its folder.
func own(t *testing.T, files map[string]string) string {
	t.Helper()
	all := map[string]string{
		"ping_exporter/component.yaml": ownComponent, "ping_exporter/releases.tsv": noPins, "ping_exporter/targets.txt.tmpl": "",
		"README.md": "ours", ".git/config": "", "docs/x.md": "",
	}
	maps.Copy(all, files)
	dir := t.TempDir()
	for name, content := range all {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBuiltInCatalogue(t *testing.T) {
	catalog, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alertmanager", "grafana", "node_exporter", "prometheus"} {
		c := catalog[name]
		if c == nil {
			t.Fatalf("no %s in %v", name, catalog.Names())
		}
		if len(c.Pins) == 0 || !strings.HasPrefix(c.Docs, "https://") {
			t.Errorf("%s: %d pins, docs %q", name, len(c.Pins), c.Docs)
		}
	}
	if !slices.IsSorted(catalog.Names()) {
		t.Errorf("not sorted: %v", catalog.Names())
	}
}

// TestEveryComponentHasGoldenFiles: what a component renders to is compared by installer/desired; a folder without
// such files is not finished.
func TestEveryComponentHasGoldenFiles(t *testing.T) {
	catalog, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range catalog.Names() {
		found, err := filepath.Glob(filepath.Join(name, "testdata", "golden", "*", "*"))
		if err != nil || len(found) < 3 {
			t.Errorf("%s: %d golden files (%v): add it to installer/desired/testdata/stack.yaml and run go test ./installer/desired -run Golden -update",
				name, len(found), err)
		}
	}
}

func TestOwnCatalogue(t *testing.T) {
	catalog, err := Load(own(t, map[string]string{"ping_exporter/rules/a.yml": "groups: []\n", "ping_exporter/dashboards/a.json": "{}\n"}))
	if err != nil {
		t.Fatal(err)
	}
	c := catalog["ping_exporter"]
	if c == nil || catalog["prometheus"] == nil {
		t.Fatalf("catalogue has %v", catalog.Names())
	}
	if len(c.Rules) != 1 || len(c.Dashboards) != 1 {
		t.Errorf("rules %v, dashboards %v", c.Rules, c.Dashboards)
	}
	for _, name := range []string{"port", "listen", "args", "size"} {
		if _, ok := c.SettingNamed(name); !ok {
			t.Errorf("no setting %s", name)
		}
	}
	if _, ok := c.SettingNamed("data_dir"); ok {
		t.Error("a component without data has a data folder")
	}
}

func TestOwnCatalogueReplacesABuiltInComponent(t *testing.T) {
	catalog, err := Load(own(t, map[string]string{
		"node_exporter/component.yaml": strings.NewReplacer("name: ping_exporter", "name: node_exporter", "port: 9427", "port: 9999").Replace(ownComponent),
		"node_exporter/releases.tsv":   noPins, "node_exporter/targets.txt.tmpl": "",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if catalog["node_exporter"].Port != 9999 {
		t.Error("the built-in node_exporter is still there")
	}
}

func TestFaultsOfAnOwnCatalogue(t *testing.T) {
	for name, tt := range map[string]struct{ line, instead, want string }{
		"unknown key":       {"port: 9427", "prot: 9427", `ping_exporter/component.yaml:14:1: unknown field "prot"`},
		"unknown inner key": {"  repo: example", "  repository: example", `ping_exporter/component.yaml:8:3: unknown field "repository"`},
		"wrong type":        {"port: 9427", "port: many", "ping_exporter/component.yaml:14:7: want int, have string"},
		"not YAML":          {"exec: [ping_exporter]", "exec: [ping_exporter", "ping_exporter/component.yaml:1"},
		"tab":               {"title:", "\ttitle:", "ping_exporter/component.yaml:2:1: found character '\t'"},
		"other name":        {"name: ping_exporter\n", "name: pong_exporter\n", `ping_exporter/component.yaml:1:7: name is "pong_exporter", the folder's name is "ping_exporter"`},
		"no title":          {"title: Ping exporter\n", "", "ping_exporter/component.yaml: title, about and license are needed"},
		"port":              {"port: 9427", "port: 0", "ping_exporter/component.yaml:14:7: port: 0 is not a TCP port"},
		"reload":            {"reload: hup", "reload: term", `:19:9: reload: "term" is neither hup nor empty`},
		"ready":             {"ready: /metrics", "ready: metrics", `:24:8: ready: "metrics" is not a path`},
		"setting type":      {"type: int", "type: integer", `:16:24: setting size: type "integer" is none of string, bool`},
		"setting twice":     {"name: size", "name: token", `:17:12: setting "token" is there already`},
		"common setting":    {"name: size", "name: port", `:16:12: setting "port" is there already`},
		"inventory's key":   {"name: size", "name: version", `:16:12: setting "version" is there already`},
		"effect":            {"effect: reload", "effect: later", `file targets.txt: effect "later" is none of restart, reload, none`},
		"no reload":         {"reload: hup\n", "", "file targets.txt: effect is reload, but the component cannot reload"},
		"missing template":  {"template: targets.txt.tmpl", "template: hosts.tmpl", `:21:35: file targets.txt: template: open hosts.tmpl: `},
		"path outside":      {"path: targets.txt,", "path: ../../passwd,", `:21:12: file "../../passwd": want a path inside the configuration folder`},
		"no secret setting": {"type: secret", "type: string", `secret token: setting "token" is not a secret setting`},
		"secret's name":     {"{name: token, setting", "{name: ../x, setting", `secret "../x": want a plain file name`},
		"release source":    {"source: github", "source: gitlab", `ping_exporter/component.yaml:7:9: release.source: "gitlab" is none of github, grafana, url`},
		"release pattern":   {"{version}.linux", "{release}.linux", "release.file: unknown placeholder {release}"},
		"release binaries":  {"binaries: [ping_exporter]", "binaries: [/bin/sh]", `release.binaries: "/bin/sh" is not a path inside`},
		"release machine":   {"{amd64: amd64}", "{x86_64: amd64}", `release.archs: "x86_64" is none of amd64`},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(ownComponent, tt.line) {
				t.Fatalf("the test changes nothing: %q", tt.line)
			}
			dir := own(t, map[string]string{"ping_exporter/component.yaml": strings.Replace(ownComponent, tt.line, tt.instead, 1)})
			_, err := Load(dir)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "catalogue "+dir+": ") {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestFaultsBesideTheDescription(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"pins":       {map[string]string{"ping_exporter/releases.tsv": noPins + "1.2\tamd64\tx\t\tab\tme\n"}, `ping_exporter/releases.tsv:2: version: "1.2" is not a semantic version`},
		"long name":  {map[string]string{"a23456789012345678901234_exporter/component.yaml": strings.Replace(ownComponent, "ping_", "a23456789012345678901234_", 1)}, "at most 25"},
		"upper case": {map[string]string{"Ping/component.yaml": strings.Replace(ownComponent, "ping_exporter", "Ping", 1)}, "lower-case"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Load(own(t, tt.files)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "nowhere")); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a folder that is not there: %v", err)
	}
}
