package desired

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/templates"
)

// ruleFaults reads the rules that components bring, with Prometheus' own parser, before any host is asked: a rule that is
// wrong is named by file and line here, not by a Prometheus that does not reload. Of rules on logs all but the expressions
// is judged by it: they are LogQL, which is read for itself.
func ruleFaults(c *templates.Component) error {
	anything := func(error) bool { return true }
	return errors.Join(
		faultsIn(c, "rules/", c.Rules, anything),
		faultsIn(c, "logrules/", c.LogRules, func(err error) bool { return !strings.Contains(err.Error(), "could not parse expression") }),
		logFaults(c),
	)
}

// logFaults judges the expressions of rules on logs.
func logFaults(c *templates.Component) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.LogRules)) {
		for _, r := range rulesIn(c.LogRules[name]) {
			if err := dashboard.JudgeLogQL(r.expr); err != nil && r.expr != "" {
				errs = append(errs, fmt.Errorf("%s:%d: group %q, %q: %w", c.Place("logrules/"+name), lineOf(c.LogRules[name], r.expr), r.Group, r.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// lineOf is the line of a file that holds the first line of a text; 1 when none does.
func lineOf(file []byte, text string) int {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	n := 0
	for line := range strings.Lines(string(file)) {
		if n++; strings.Contains(line, first) {
			return n
		}
	}
	return 1
}

func faultsIn(c *templates.Component, folder string, files map[string][]byte, counts func(error) bool) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, found := rulefmt.Parse(files[name], false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		for _, err := range found {
			if counts(err) {
				errs = append(errs, fmt.Errorf("%s%s", c.Place(folder+name), placedRule(err)))
			}
		}
	}
	return errors.Join(errs...)
}

// Rule names one rule that a server of the stack must have loaded.
type Rule struct{ Group, Name string }

// Rules lists the rules that a Prometheus of the stack evaluates.
func (s *Stack) Rules() []Rule { return namesOf(s.rules()) }

// LogRules lists the rules that a Loki of the stack evaluates.
func (s *Stack) LogRules() []Rule { return namesOf(s.logRules()) }

func namesOf(files map[string][]byte) []Rule {
	var list []Rule
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, r := range rulesIn(files[name]) {
			list = append(list, r.Rule)
		}
	}
	return list
}

// writtenRule is a rule as it stands in a file.
type writtenRule struct {
	Rule
	expr string
}

// rulesIn lists the rules of a file, none of one that cannot be read: ruleFaults says so.
func rulesIn(text []byte) []writtenRule {
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct{ Alert, Record, Expr string }
		}
	}
	if yaml.Unmarshal(text, &file) != nil {
		return nil
	}
	var list []writtenRule
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			list = append(list, writtenRule{Rule{g.Name, cmp.Or(r.Alert, r.Record)}, r.Expr})
		}
	}
	return list
}

var (
	rulePlace = regexp.MustCompile(`^\d+:\d+: `)
	yamlPlace = regexp.MustCompile(`(?s)^.*?yaml: (?:(?:construct|unmarshal) errors:\s+)?line (\d+)(?:, column (\d+))?: `)
)

// placedRule puts the place that the parsers name behind a file's name: ":5:15: …".
func placedRule(err error) string {
	text := err.Error()
	switch {
	case rulePlace.MatchString(text):
		return ":" + text
	case yamlPlace.MatchString(text):
		return yamlPlace.ReplaceAllString(text, ":$1: ")
	}
	return ": " + text
}
