package desired

import (
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/fault"
)

// TestRulesThatDoNotParseAreRefusedHere: with file and line, before any host is asked.
func TestRulesThatDoNotParseAreRefusedHere(t *testing.T) {
	const head = "groups:\n  - name: g\n    rules:\n"
	for name, tt := range map[string]struct{ rules, want string }{
		"query":           {head + "      - alert: A\n        expr: sum(up\n", `every/rules/x.yml:5:15: group "g", rule 1, "A": could not parse expression`},
		"second rule":     {head + "      - {alert: A, expr: up}\n      - alert: B\n        expr: up ==\n", "every/rules/x.yml:6:15: "},
		"unknown field":   {head + "      - {alert: A, exp: up}\n", "every/rules/x.yml:4: "},
		"template":        {head + "      - alert: A\n        expr: up\n        annotations: {summary: '{{ $label }'}\n", "every/rules/x.yml:"},
		"no YAML":         {"groups:\n\t- x\n", "every/rules/x.yml:2"},
		"duplicate group": {"groups:\n  - name: g\n    rules: []\n  - name: g\n    rules: []\n", "every/rules/x.yml:"},
	} {
		t.Run(name, func(t *testing.T) {
			catalog := load(t, folder(t, map[string]string{"every/component.yaml": every, "every/releases.tsv": noPins, "every/rules/x.yml": tt.rules}))
			_, err := stackOf(t, catalog, "hosts: {h: {address: 10.0.0.1, components: [every]}}\n")
			if err == nil || !strings.Contains(err.Error(), tt.want) || fault.KindOf(err) != fault.Usage {
				t.Errorf("want %q in: %v", tt.want, err)
			}
		})
	}
}

// TestRulesOnLogs: their expressions are LogQL.
func TestRulesOnLogs(t *testing.T) {
	const head = "groups:\n  - name: g\n    rules:\n"
	for name, tt := range map[string]struct{ rules, want string }{
		"LogQL":         {head + "      - alert: A\n        expr: sum(rate({app=\"x\"} |= \"y\" | json [5m])) > 0\n", ""},
		"no selector":   {head + "      - alert: A\n        expr: sum(rate({app=x}[5m]))\n", `every/logrules/x.yml:5: group "g", "A": selector {app=x}`},
		"brackets":      {head + "      - alert: A\n        expr: sum(rate({app=\"x\"} |= \"y\" [5m])\n", "every/logrules/x.yml:5: "},
		"unknown field": {head + "      - {alert: A, exp: x}\n", "every/logrules/x.yml:4: "},
		"template":      {head + "      - alert: A\n        expr: rate({a=\"b\"}[1m])\n        annotations: {summary: '{{ $label }'}\n", "every/logrules/x.yml:"},
		"no name":       {head + "      - expr: rate({a=\"b\"}[1m])\n", "every/logrules/x.yml:"},
	} {
		t.Run(name, func(t *testing.T) {
			catalog := load(t, folder(t, map[string]string{"every/component.yaml": every, "every/releases.tsv": noPins, "every/logrules/x.yml": tt.rules}))
			_, err := stackOf(t, catalog, "hosts: {h: {address: 10.0.0.1, components: [every]}}\n")
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("want %q in: %v", tt.want, err)
			}
		})
	}
}
