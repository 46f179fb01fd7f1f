package desired

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/resource"
)

const noPins = "version\tarch\tfile\tbuild\tsha256\tsources\n"

// folder writes an operator's catalogue.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
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

// TestOwnExporter: a new exporter is a folder with two files and no Go.
func TestOwnExporter(t *testing.T) {
	s := goodOf(t, load(t, folder(t, map[string]string{
		"ping_exporter/component.yaml": `name: ping_exporter
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
exec:
  - ping_exporter
  - --listen={{ .Listen }}
  - --size={{ .Set.size }}
  - --config={{ .Config }}/targets.txt
env: {GREETING: "50% of $HOME; {{ .Host }}"}
unit: {capabilities: [CAP_NET_RAW]}
files:
  - {path: targets.txt, template: targets.txt.tmpl, effect: restart}
ready: /metrics
metrics: /metrics
`,
		"ping_exporter/releases.tsv":     noPins,
		"ping_exporter/targets.txt.tmpl": "host {{ .Host }}\n",
		"ping_exporter/rules/ping.yml":   "groups: []\n",
	})), `hosts:
  a: {address: 10.0.0.1, components: [prometheus]}
  b: {address: 10.0.0.2, components: [ping_exporter]}
`)
	files := contents(t, s, "b")
	unit := files["/etc/systemd/system/monctl-ping-exporter.service"]
	for _, line := range []string{
		"ExecStart=/opt/monctl/ping_exporter/current/ping_exporter \\\n  --listen=:9427 \\\n  --size=56 \\\n  --config=/etc/monctl/ping_exporter/targets.txt\n",
		"Environment=\"GREETING=50%% of $HOME; b\"\n", "AmbientCapabilities=CAP_NET_RAW\n", "CapabilityBoundingSet=CAP_NET_RAW\n", "User=monctl-ping-exporter\n",
	} {
		if !strings.Contains(unit, line) {
			t.Errorf("unit lacks %q:\n%s", line, unit)
		}
	}
	if got := files["/etc/monctl/ping_exporter/targets.txt"]; got != "host b\n" {
		t.Errorf("targets.txt: %q", got)
	}
	onA := contents(t, s, "a")
	if !strings.Contains(onA["/etc/monctl/prometheus/prometheus.yml"], `targets: ["10.0.0.2:9427"]`) {
		t.Errorf("not scraped:\n%s", onA["/etc/monctl/prometheus/prometheus.yml"])
	}
	if onA["/etc/monctl/prometheus/rules/ping_exporter-ping.yml"] != "groups: []\n" {
		t.Error("its rules are not on the Prometheus host")
	}
}

func TestOwnTemplateThatIsWrong(t *testing.T) {
	for name, tt := range map[string]struct {
		change, to string
		files      map[string]string
		message    string
	}{
		"syntax": {
			"ready: /\n", "files: [{path: x.conf, template: x.tmpl, effect: none}]\nready: /\n",
			map[string]string{"every/x.tmpl": "one\n{{ if }}\n"},
			"x.tmpl:2",
		},
		"unknown field": {
			"ready: /\n", "files: [{path: x.conf, template: x.tmpl, effect: none}]\nready: /\n",
			map[string]string{"every/x.tmpl": "one\n\n{{ .Hots }}\n"},
			"x.tmpl:3:3",
		},
		"unknown word": {"--number={{ .Set.number }}", "--number={{ .Number }}", nil, "exec word 2"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"every/component.yaml": strings.Replace(every, tt.change, tt.to, 1), "every/releases.tsv": noPins}
			for n, content := range tt.files {
				files[n] = content
			}
			s := goodOf(t, load(t, folder(t, files)), "hosts: {h: {address: 10.0.0.1, components: [every]}}\n")
			_, err := s.Resources("h", drawn)
			if err == nil || !strings.Contains(err.Error(), tt.message) || !strings.Contains(err.Error(), "h: every: ") {
				t.Errorf("want %q in: %v", tt.message, err)
			}
		})
	}
}

// contents gives the files of a host by path.
func contents(t *testing.T, s *Stack, host string) map[string]string {
	t.Helper()
	list, err := s.Resources(host, drawn)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, r := range list {
		if f, ok := r.(resource.File); ok {
			files[f.Path] = string(f.Content)
		}
	}
	return files
}
