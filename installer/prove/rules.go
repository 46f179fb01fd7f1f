package prove

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Rule names one rule of a server's configuration.
type Rule struct{ Group, Name string }

// loadedRule is a rule as a server reports it.
type loadedRule struct {
	Name      string
	Health    string // "ok", "err" or "unknown" (not evaluated yet)
	LastError string
}

// Rules lists what a server has loaded. Loki's ruler answers in the same form below /prometheus.
func (p Prometheus) rules(ctx context.Context) (map[Rule]loadedRule, error) {
	var data struct {
		Groups []struct {
			Name  string
			Rules []loadedRule
		}
	}
	if err := p.get(ctx, "/api/v1/rules", &data); err != nil {
		return nil, err
	}
	loaded := map[Rule]loadedRule{}
	for _, g := range data.Groups {
		for _, r := range g.Rules {
			loaded[Rule{g.Name, r.Name}] = r
		}
	}
	return loaded, nil
}

// RulesWork waits until all rules are loaded and none of them fails; with evaluated, until each was evaluated, which takes
// one evaluation interval. The error says what was wrong when ctx ended.
func (p Prometheus) RulesWork(ctx context.Context, wanted []Rule, evaluated bool) error {
	var why error
	for {
		loaded, err := p.rules(ctx)
		if err == nil {
			err = rulesWork(wanted, loaded, evaluated)
		}
		if ctx.Err() == nil || why == nil { // the end of the time is no reason
			why = err
		}
		var wrong *ruleError
		if err == nil || errors.As(err, &wrong) || pause(ctx, 200*time.Millisecond) != nil {
			return why
		}
	}
}

// ruleError is a rule whose evaluation fails: waiting does not help it.
type ruleError struct{ rule, why string }

// Error names the rule.
func (e *ruleError) Error() string { return "rule " + e.rule + " fails: " + e.why }

func rulesWork(wanted []Rule, loaded map[Rule]loadedRule, evaluated bool) error {
	var errs []error
	for _, w := range wanted {
		r, ok := loaded[w]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("rule %s of group %s is not loaded", w.Name, w.Group))
		case r.Health == "err":
			return &ruleError{w.Name, r.LastError}
		case evaluated && r.Health != "ok":
			errs = append(errs, fmt.Errorf("rule %s was not evaluated yet", w.Name))
		}
	}
	if len(errs) > 3 { // the rest says the same
		errs = append(errs[:3], fmt.Errorf("and %d more", len(errs)-3))
	}
	return errors.Join(errs...)
}
