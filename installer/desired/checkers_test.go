package desired

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/monctl/monctl/fleet/resource"
)

// checked runs a release's own checker on the configuration folder of an instance, as a host does.
func checked(t *testing.T, tool, debian string, s *Stack, i Instance, words ...string) {
	t.Helper()
	program, err := exec.LookPath(tool)
	if err != nil {
		t.Skip(tool + " is not in PATH (Debian: package " + debian + ")")
	}
	dir := t.TempDir()
	for name, text := range contents(t, s, i.Host.Name) {
		below, ok := strings.CutPrefix(name, i.Config()+"/")
		if !ok {
			continue
		}
		file := filepath.Join(dir, below)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, words...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", tool, strings.Join(words, " "), err, out)
	}
}

// stacks are inventories whose configuration the programs' own checkers must accept.
func stacks(t *testing.T) map[string]*Stack {
	return map[string]*Stack{
		"example": plainExample(t),
		"least":   good(t, "hosts: {mon1: {address: 10.0.0.1, components: [prometheus, alertmanager, grafana]}}\n"),
		"short interval": good(t, `hosts: {mon1: {address: 10.0.0.1, components: [prometheus, alertmanager, node_exporter]}}
components: {prometheus: {scrape_interval: 1s}}
`),
	}
}

func TestPromtoolAcceptsTheConfiguration(t *testing.T) {
	for name, s := range stacks(t) {
		t.Run(name, func(t *testing.T) {
			checked(t, "promtool", "prometheus", s, the(t, s, "prometheus", "mon1"), "check", "config", "prometheus.yml")
		})
	}
}

// plainExample is the example without secret jobs, whose files Prometheus understands since 2.43; the checker is older.
func plainExample(t *testing.T) *Stack {
	t.Helper()
	s := example(t).clone()
	s.Apps = slices.DeleteFunc(slices.Clone(s.Apps), func(a App) bool { return a.Name == "jira" })
	return s
}

// TestSecretJobs: the parameters of jira are in a file of their own that no diff shows; it is a configuration by itself.
func TestSecretJobs(t *testing.T) {
	s := example(t)
	prometheus := the(t, s, "prometheus", "mon1")
	if text := contents(t, s, "mon1")["/etc/monctl/prometheus/prometheus.yml"]; strings.Contains(text, "jira") || !strings.Contains(text, "- secret_jobs.yml") {
		t.Errorf("prometheus.yml:\n%s", text)
	}
	list, err := s.Resources("mon1", drawn)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if f, ok := r.(resource.File); ok && strings.Contains(string(f.Content), "to ken") && (!f.Secret || f.Mode != 0o640 || !slices.Contains([]string{prometheus.User(), "monctl-monitor"}, f.Group)) {
			t.Errorf("%s: secret=%v mode=%o", f.Path, f.Secret, f.Mode)
		}
	}
	checked(t, "promtool", "prometheus", s, prometheus, "check", "config", "secret_jobs.yml")
}

func TestAmtoolAcceptsTheConfiguration(t *testing.T) {
	for name, s := range stacks(t) {
		t.Run(name, func(t *testing.T) {
			checked(t, "amtool", "prometheus-alertmanager", s, the(t, s, "alertmanager", "mon1"), "check-config", "alertmanager.yml")
		})
	}
}

// TestPrometheusConfigurationMeansWhatTheInventorySays reads the YAML back with a parser that is not ours.
func TestPrometheusConfigurationMeansWhatTheInventorySays(t *testing.T) {
	s := example(t)
	var got struct {
		Global struct {
			Interval string            `yaml:"scrape_interval"`
			Labels   map[string]string `yaml:"external_labels"`
		}
		Jobs []struct {
			Name  string `yaml:"job_name"`
			Hosts []struct {
				Targets []string
				Labels  map[string]string
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	text := contents(t, s, "mon1")["/etc/monctl/prometheus/prometheus.yml"]
	if err := yaml.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if diff := cmp.Diff(map[string]string{"region": "eu", "null": "x: y", "replica": "# 1", "off": `it's "a"`}, got.Global.Labels); diff != "" {
		t.Error(diff)
	}
	want := view{stack: s, self: the(t, s, "prometheus", "mon1")}.Jobs()
	const probes = 3
	if len(got.Jobs) != len(want)+probes || got.Global.Interval != "5s" {
		t.Fatalf("%d jobs, interval %s", len(got.Jobs), got.Global.Interval)
	}
	for n, j := range want {
		for k, target := range j.Targets {
			if target.Path != "" { // as of the monitor on solo, which serves the host's metrics beside its own
				target.Labels = maps.Clone(target.Labels)
				target.Labels["__metrics_path__"] = target.Path
			}
			if g := got.Jobs[n].Hosts[k]; got.Jobs[n].Name != j.Name || !cmp.Equal(g.Targets, []string{target.Address}) || !cmp.Equal(g.Labels, target.Labels) {
				t.Errorf("job %s: got %+v, want %+v", j.Name, g, target)
			}
		}
	}
}
