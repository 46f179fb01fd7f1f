package datahost

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPreventingRules(t *testing.T) {
	rules, err := preventingRules()
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"alert: PrometheusHeadInFuture", knownBy + " - time() > 600", "alert: PrometheusRefusesSamples", "{{ $value | humanizeDuration }}"} {
		if !strings.Contains(string(rules), words) {
			t.Errorf("%q is not in\n%s", words, rules)
		}
	}
	if strings.Count(string(rules), "alert:") != 2 {
		t.Errorf("there is more than two alerts:\n%s", rules)
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed: make setup gets it")
	}
	file := filepath.Join(t.TempDir(), rulesFile)
	if err := os.WriteFile(file, rules, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "check", "rules", file).CombinedOutput(); err != nil || !strings.Contains(string(out), "2 rules found") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestRulePlace has the ways in which a configuration names its rules, and what is added to it.
func TestRulePlace(t *testing.T) {
	const rest = "global: {scrape_interval: 1s}\n"
	for name, c := range map[string]struct{ text, file, edited string }{
		"a pattern":                {rest + "rule_files:\n  - rules/*.yml\n", "/etc/prom/rules/monctl-data.yml", ""},
		"a pattern elsewhere":      {rest + "rule_files: [one.yml, '/srv/r/*.rules']\n", "/srv/r/monctl-data.rules", ""},
		"a pattern of others":      {"rule_files:\n- team-*.yml\n" + rest, "/etc/prom/monctl-data.yml", "rule_files:\n- monctl-data.yml\n- team-*.yml\n" + rest},
		"a pattern for folders":    {"rule_files:\n- /srv/*/rules.yml\n" + rest, "/etc/prom/monctl-data.yml", "rule_files:\n- monctl-data.yml\n- /srv/*/rules.yml\n" + rest},
		"no list":                  {strings.TrimSpace(rest), "/etc/prom/monctl-data.yml", rest + "rule_files:\n  - monctl-data.yml\n"},
		"nothing at all":           {"", "/etc/prom/monctl-data.yml", "rule_files:\n  - monctl-data.yml\n"},
		"an empty list, as Debian": {"rule_files:\n  # - \"first_rules.yml\"\n\nscrape_configs: []\n", "/etc/prom/monctl-data.yml", "rule_files:\n  - monctl-data.yml\n  # - \"first_rules.yml\"\n\nscrape_configs: []\n"},
		"files":                    {rest + "rule_files: # ours\n    - a.yml\n    - b.yml\n", "/etc/prom/monctl-data.yml", rest + "rule_files: # ours\n    - monctl-data.yml\n    - a.yml\n    - b.yml\n"},
		"in brackets":              {rest + "rule_files: [a.yml]\n", "", ""},
		"in braces":                {"{global: {scrape_interval: 1s}}\n", "", ""},
		"is there already":         {"rule_files:\n- monctl-data.yml\n", "/etc/prom/monctl-data.yml", ""},
		"not YAML":                 {"rule_files: [\n", "", ""},
	} {
		file, edited, err := rulePlace("/etc/prom/prometheus.yml", c.text)
		switch want := c.edited; {
		case c.file == "" && err == nil:
			t.Errorf("%s: it was edited:\n%s", name, edited)
		case c.file == "":
		default:
			if want == "" && name != "nothing at all" {
				want = c.text
			}
			if diff := cmp.Diff(want, edited); err != nil || file != c.file || diff != "" {
				t.Errorf("%s: %s, %v\n%s", name, file, err, diff)
			}
		}
	}
}
