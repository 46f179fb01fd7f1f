package desired

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestRulesFire lets Prometheus' own tool play series through the rules.
func TestRulesFire(t *testing.T) {
	tool := need(t, "promtool", "prometheus")
	cmd := exec.Command(tool, "test", "rules", "rules.test.yml")
	cmd.Dir = filepath.Join("..", "..", "templates", "prometheus", "testdata")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestEveryAlertHelps: each has a severity that routes know, a summary, a cause and a runbook that is there.
func TestEveryAlertHelps(t *testing.T) {
	runbooks, err := os.ReadFile(filepath.Join("..", "..", "docs", "runbooks.md"))
	if err != nil {
		t.Fatal(err)
	}
	const page = "https://github.com/monctl/monctl/blob/main/docs/runbooks.md#"
	alerts := map[string]bool{}
	for _, c := range load(t, "") {
		for name, text := range merged(c.Rules, c.LogRules) {
			var file struct {
				Groups []struct {
					Rules []struct {
						Alert, Expr         string
						Labels, Annotations map[string]string
					}
				}
			}
			if err := yaml.Unmarshal(text, &file); err != nil {
				t.Fatalf("%s/%s: %v", c.Name, name, err)
			}
			for _, g := range file.Groups {
				for _, r := range g.Rules {
					at := c.Name + "/" + name + ": " + r.Alert
					severity, a := r.Labels["severity"], r.Annotations
					if !strings.Contains("critical warning info", severity) || severity == "" || a["summary"] == "" || len(a["description"]) < 40 {
						t.Errorf("%s: severity %q, annotations %v", at, severity, a)
					}
					if a["runbook_url"] != page+strings.ToLower(r.Alert) || !strings.Contains(string(runbooks), "\n## "+r.Alert+"\n") {
						t.Errorf("%s: runbook %s is not in docs/runbooks.md", at, a["runbook_url"])
					}
					if alerts[r.Alert] {
						t.Errorf("%s is there twice", at)
					}
					alerts[r.Alert] = true
				}
			}
		}
	}
	if len(alerts) < 30 {
		t.Errorf("only %d alerts", len(alerts))
	}
}

func merged(a, b map[string][]byte) map[string][]byte {
	both := map[string][]byte{}
	for _, m := range []map[string][]byte{a, b} {
		for name, text := range m {
			both[name] = text
		}
	}
	return both
}
