package routes

import (
	"slices"
	"strings"
	"testing"
)

func TestFaults(t *testing.T) {
	const receivers = "\nreceivers:\n- name: team\n  slack_configs: [{channel: '#ops'}]\n- name: mail\n  email_configs: [{to: a@example.org}]\n- name: nobody\n"
	for name, tt := range map[string]struct {
		text string
		want []string // kind and a part of its text
	}{
		"well":                  {"route: {receiver: team, routes: [{receiver: mail, matchers: [severity=\"critical\"]}]}", nil},
		"empty receiver":        {"route: {receiver: nobody}", []string{`receiver without integration|route: receiver "nobody"`}},
		"empty below":           {"route: {receiver: team, routes: [{receiver: nobody, matchers: [a=b]}]}", []string{`receiver without integration|route.routes[0]: receiver "nobody"`}},
		"unknown receiver":      {"route: {receiver: team, routes: [{receiver: tema, matchers: [a=b]}]}", []string{`unknown receiver|there is no receiver "tema"`}},
		"behind a catch-all":    {"route: {receiver: team, routes: [{receiver: mail}, {receiver: team, matchers: [severity=critical]}]}", []string{`unreachable route|route.routes[1] ({severity="critical"}): route.routes[0] takes`}},
		"catch-all continues":   {"route: {receiver: team, routes: [{receiver: mail, continue: true}, {receiver: team, matchers: [severity=critical]}]}", nil},
		"behind a wider one":    {"route: {receiver: team, routes: [{receiver: mail, matchers: ['severity=~\"critical|warning\"']}, {receiver: team, matchers: [severity=critical, team=db]}]}", []string{"unreachable route|route.routes[1]"}},
		"behind a narrower one": {"route: {receiver: team, routes: [{receiver: mail, matchers: [severity=critical, team=db]}, {receiver: team, matchers: [severity=critical]}]}", nil},
		"old form":              {"route: {receiver: team, routes: [{receiver: mail, match_re: {severity: 'c.*'}}, {receiver: team, match: {severity: critical}}]}", []string{"unreachable route|route.routes[1]"}},
		"against its parent":    {"route: {receiver: team, routes: [{receiver: mail, matchers: [severity=critical], routes: [{matchers: [severity=warning]}]}]}", []string{`unreachable route|route.routes[0].routes[0]: no alert matches both severity="critical" and severity="warning"`}},
		"negated":               {"route: {receiver: team, routes: [{receiver: mail, matchers: ['team!=\"db\"']}, {receiver: team, matchers: [team=db]}]}", nil},
		"no equal":              {"inhibit_rules: [{equal: [instance]}, {source_matchers: [a=b]}]\nroute: {receiver: team}", []string{"inhibition without equal|inhibit_rules[1]"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Parse(tt.text + receivers)
			if err != nil {
				t.Fatal(err)
			}
			got := c.Faults()
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
			for n, want := range tt.want {
				kind, part, _ := strings.Cut(want, "|")
				if string(got[n].Kind) != kind || !strings.Contains(got[n].Text, part) {
					t.Errorf("got %+v, want %s", got[n], want)
				}
			}
		})
	}
	for _, text := range []string{"", "receivers: []", "route: [", "<html>"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestIntegrations(t *testing.T) {
	c, err := Parse("route: {receiver: a}\nreceivers:\n- name: a\n  webhook_configs: [{url: x}, {url: y}]\n  slack_configs: [{channel: z}]\n- name: b\n  slack_configs: []\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Integrations("a"); !slices.Equal(got, []string{"slack", "webhook", "webhook"}) {
		t.Errorf("%v", got)
	}
	if got := c.Integrations("b"); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
