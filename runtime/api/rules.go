package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
)

type alert struct {
	Labels          labels.Labels `json:"labels"`
	Annotations     labels.Labels `json:"annotations"`
	State           string        `json:"state"`
	ActiveAt        *time.Time    `json:"activeAt,omitempty"`
	KeepFiringSince *time.Time    `json:"keepFiringSince,omitempty"`
	Value           string        `json:"value"`
}

type ruleGroup struct {
	Name           string    `json:"name"`
	File           string    `json:"file"`
	Rules          []any     `json:"rules"` // alertingRule and recordingRule, in the order of the file
	Interval       float64   `json:"interval"`
	Limit          int       `json:"limit"`
	EvaluationTime float64   `json:"evaluationTime"`
	LastEvaluation time.Time `json:"lastEvaluation"`
}

type alertingRule struct {
	State          string           `json:"state"`
	Name           string           `json:"name"`
	Query          string           `json:"query"`
	Duration       float64          `json:"duration"`
	KeepFiringFor  float64          `json:"keepFiringFor"`
	Labels         labels.Labels    `json:"labels"`
	Annotations    labels.Labels    `json:"annotations"`
	Alerts         []*alert         `json:"alerts"`
	Health         rules.RuleHealth `json:"health"`
	LastError      string           `json:"lastError,omitempty"`
	EvaluationTime float64          `json:"evaluationTime"`
	LastEvaluation time.Time        `json:"lastEvaluation"`
	Type           string           `json:"type"`
}

type recordingRule struct {
	Name           string           `json:"name"`
	Query          string           `json:"query"`
	Labels         labels.Labels    `json:"labels"`
	Health         rules.RuleHealth `json:"health"`
	LastError      string           `json:"lastError,omitempty"`
	EvaluationTime float64          `json:"evaluationTime"`
	LastEvaluation time.Time        `json:"lastEvaluation"`
	Type           string           `json:"type"`
}

type ruleList struct {
	Groups []*ruleGroup `json:"groups"`
	Next   string       `json:"groupNextToken,omitempty"`
}

func (a *API) alertmanagers(*http.Request) (*answer, error) {
	type address struct {
		URL string `json:"url"`
	}
	show := func(urls []*url.URL) []address {
		shown := []address{}
		for _, u := range urls {
			shown = append(shown, address{u.String()})
		}
		return shown
	}
	active, dropped := a.Alertmanagers()
	return &answer{data: &struct {
		Active  []address `json:"activeAlertmanagers"`
		Dropped []address `json:"droppedAlertmanagers"`
	}{show(active), show(dropped)}}, nil
}

func (a *API) alerts(*http.Request) (*answer, error) {
	all := []*alert{}
	for _, rule := range a.Rules().AlertingRules() {
		all = append(all, shownAlerts(rule)...)
	}
	return &answer{data: map[string][]*alert{"alerts": all}}, nil
}

func shownAlerts(rule *rules.AlertingRule) []*alert {
	active := rule.ActiveAlerts()
	shown := make([]*alert, len(active))
	for i, one := range active {
		shown[i] = &alert{
			Labels: one.Labels, Annotations: one.Annotations, State: one.State.String(), ActiveAt: &one.ActiveAt,
			Value: strconv.FormatFloat(one.Value, 'e', -1, 64),
		}
		if !one.KeepFiringSince.IsZero() {
			shown[i].KeepFiringSince = &one.KeepFiringSince
		}
	}
	return shown
}

// ruleFilter is what a request wants to see of the rules.
type ruleFilter struct {
	names, groups, files []string
	matchers             [][]*labels.Matcher
	alerting, recording  bool
	withoutAlerts        bool
	groupLimit           int // 0 is none
	from                 string
}

func (a *API) ruleFilter(r *http.Request) (f ruleFilter, err error) {
	if err := r.ParseForm(); err != nil {
		return f, badData(fmt.Errorf("error parsing form values: %w", err))
	}
	f.names, f.groups, f.files = r.Form["rule_name[]"], r.Form["rule_group[]"], r.Form["file[]"]
	if f.matchers, err = a.matchers(r.Form["match[]"]); err != nil {
		return f, badData(err)
	}
	asked := r.URL.Query()
	kind := strings.ToLower(asked.Get("type"))
	if !slices.Contains([]string{"", "alert", "record"}, kind) {
		return f, badParameter(fmt.Errorf("not supported value %q", kind), "type")
	}
	f.alerting, f.recording = kind != "record", kind != "alert"
	if s := strings.ToLower(asked.Get("exclude_alerts")); s != "" {
		if f.withoutAlerts, err = strconv.ParseBool(s); err != nil {
			return f, badParameter(fmt.Errorf("error converting exclude_alerts: %w", err), "exclude_alerts")
		}
	}
	f.groupLimit, f.from, err = page(asked)
	return f, err
}

// page reads group_limit and group_next_token.
func page(asked url.Values) (limit int, from string, err error) {
	s, from := asked.Get("group_limit"), asked.Get("group_next_token")
	if s == "" {
		if from != "" {
			return 0, "", badParameter(errors.New("group_limit needs to be present in order to paginate over the groups"), "group_next_token")
		}
		return 0, "", nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	switch {
	case err != nil:
		return 0, "", badParameter(fmt.Errorf("group_limit needs to be a valid number: %w", err), "group_limit")
	case n <= 0:
		return 0, "", badParameter(errors.New("group_limit needs to be greater than 0"), "group_limit")
	}
	return int(n), from, nil
}

func (a *API) rules(r *http.Request) (*answer, error) {
	f, err := a.ruleFilter(r)
	if err != nil {
		return nil, err
	}
	list := &ruleList{Groups: []*ruleGroup{}}
	begun := f.from == ""
	for _, g := range a.Rules().RuleGroups() {
		if !begun && token(g) != f.from {
			continue
		}
		begun = true
		shown := f.group(g)
		if shown == nil {
			continue
		}
		if f.groupLimit > 0 && len(list.Groups) == f.groupLimit {
			list.Next = token(g)
			break
		}
		list.Groups = append(list.Groups, shown)
	}
	if !begun {
		return nil, badParameter(fmt.Errorf("invalid group_next_token '%v'. were rule groups changed?", f.from), "group_next_token")
	}
	return &answer{data: list}, nil
}

// token names a group in pages.
func token(g *rules.Group) string {
	sum := sha256.Sum256([]byte(g.File() + ";" + g.Name()))
	return hex.EncodeToString(sum[:])
}

// has says whether a list that is not empty holds the word.
func has(list []string, word string) bool { return len(list) == 0 || slices.Contains(list, word) }

// group shows a group, or nil when nothing of it is wanted.
func (f ruleFilter) group(g *rules.Group) *ruleGroup {
	if !has(f.groups, g.Name()) || !has(f.files, g.File()) {
		return nil
	}
	shown := &ruleGroup{
		Name: g.Name(), File: g.File(), Interval: g.Interval().Seconds(), Limit: g.Limit(),
		EvaluationTime: g.GetEvaluationTime().Seconds(), LastEvaluation: g.GetLastEvaluation(),
	}
	for _, rule := range g.Rules(f.matchers...) {
		if !has(f.names, rule.Name()) {
			continue
		}
		switch rule := rule.(type) {
		case *rules.AlertingRule:
			if f.alerting {
				shown.Rules = append(shown.Rules, f.alertingRule(rule))
			}
		case *rules.RecordingRule:
			if f.recording {
				shown.Rules = append(shown.Rules, recordingRule{
					Name: rule.Name(), Query: rule.Query().String(), Labels: rule.Labels(), Health: rule.Health(), LastError: message(rule.LastError()),
					EvaluationTime: rule.GetEvaluationDuration().Seconds(), LastEvaluation: rule.GetEvaluationTimestamp(), Type: "recording",
				})
			}
		}
	}
	if len(shown.Rules) == 0 {
		return nil
	}
	return shown
}

func (f ruleFilter) alertingRule(rule *rules.AlertingRule) alertingRule {
	shown := alertingRule{
		State: rule.State().String(), Name: rule.Name(), Query: rule.Query().String(), Duration: rule.HoldDuration().Seconds(),
		KeepFiringFor: rule.KeepFiringFor().Seconds(), Labels: rule.Labels(), Annotations: rule.Annotations(),
		Health: rule.Health(), LastError: message(rule.LastError()), EvaluationTime: rule.GetEvaluationDuration().Seconds(),
		LastEvaluation: rule.GetEvaluationTimestamp(), Type: "alerting",
	}
	if !f.withoutAlerts {
		shown.Alerts = shownAlerts(rule)
	}
	return shown
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
