package prove

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Board is the part of a dashboard that a proof reads: what it asks, and the variables in that.
type Board struct {
	UID, Title string
	Queries    []PanelQuery
	Variables  []Variable
}

// PanelQuery is one query of one panel.
type PanelQuery struct {
	Panel      string // its title
	Datasource Source
	Expr       string
}

// Source names a datasource; its UID may be a variable.
type Source struct{ Type, UID string }

// Variable is one variable of a dashboard.
type Variable struct {
	Name, Type string
	Datasource Source
	Query      string // "label_values(up, instance)", or the choices of one that lists them
	AllValue   string
	Many       bool // it may stand for several values, or all
	Current    string
}

// jsonSource is a datasource as dashboards have it: an object, or its name in those of old.
type jsonSource Source

// UnmarshalJSON reads both forms.
func (s *jsonSource) UnmarshalJSON(b []byte) error {
	var object struct{ Type, UID string }
	if json.Unmarshal(b, &object) == nil {
		*s = jsonSource(object)
		return nil
	}
	return json.Unmarshal(b, &s.UID)
}

type jsonPanel struct {
	Title      string
	Datasource *jsonSource
	Targets    []struct {
		Expr       string
		Datasource *jsonSource
		Hide       bool
	}
	Panels []jsonPanel // of a closed row
}

type jsonVariable struct {
	Name, Type string
	Datasource *jsonSource
	Query      json.RawMessage
	AllValue   string
	IncludeAll bool
	Multi      bool
	Current    struct{ Value json.RawMessage }
}

// ReadBoard reads a dashboard's JSON.
func ReadBoard(text []byte) (Board, error) {
	var d struct {
		UID, Title string
		Panels     []jsonPanel
		Templating struct{ List []jsonVariable }
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return Board{}, fmt.Errorf("not a dashboard: %w", err)
	}
	b := Board{UID: d.UID, Title: d.Title}
	b.panels(d.Panels)
	for _, v := range d.Templating.List {
		b.Variables = append(b.Variables, v.read())
	}
	return b, nil
}

func (b *Board) panels(panels []jsonPanel) {
	for _, p := range panels {
		for _, t := range p.Targets {
			source := t.Datasource
			if source == nil || source.UID == "" {
				source = p.Datasource
			}
			if t.Expr != "" && !t.Hide && source != nil {
				b.Queries = append(b.Queries, PanelQuery{Panel: p.Title, Datasource: Source(*source), Expr: t.Expr})
			}
		}
		b.panels(p.Panels)
	}
}

func (v jsonVariable) read() Variable {
	out := Variable{Name: v.Name, Type: v.Type, AllValue: v.AllValue, Many: v.Multi || v.IncludeAll, Current: first(v.Current.Value)}
	if v.Datasource != nil {
		out.Datasource = Source(*v.Datasource)
	}
	var object struct{ Query, Label, Stream string }
	switch {
	case json.Unmarshal(v.Query, &out.Query) == nil:
	case json.Unmarshal(v.Query, &object) == nil && object.Label != "": // Loki's form
		out.Query = "label_values(" + object.Stream + ", " + object.Label + ")"
	default:
		out.Query = object.Query
	}
	return out
}

// first is a string, or the first of a list of them.
func first(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		return list[0]
	}
	return ""
}

var reference = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)(?::\w+)?\]\]`)

// fill puts values in place of variables, as Grafana does; what it does not know stays.
func fill(text string, values map[string]string) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		m := reference.FindStringSubmatch(found)
		if v, ok := values[m[1]+m[2]+m[3]]; ok {
			return v
		}
		return found
	})
}

// builtIn are Grafana's own variables for a range of an hour and a scrape interval: $__rate_interval is the larger of
// four scrape intervals, and the step and one (grafana.com/docs: Prometheus template variables).
func builtIn(scrape time.Duration) map[string]string {
	if scrape <= 0 {
		scrape = 15 * time.Second
	}
	seconds := func(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }
	step := max(scrape, 15*time.Second)
	return map[string]string{
		"__rate_interval": seconds(max(step+scrape, 4*scrape)), "__interval": seconds(step), "__interval_ms": fmt.Sprint(step.Milliseconds()),
		"__range": "1h", "__range_s": "3600", "__range_ms": "3600000", "__auto": seconds(step),
	}
}

var labelValues = regexp.MustCompile(`(?s)^label_values\((?:(.*),)?\s*(\w+)\s*\)$`)

// pick chooses the value of a variable among the values that there are.
func (v Variable) pick(values []string) string {
	switch {
	case len(values) == 0:
		return ".*"
	case v.Many:
		quoted := make([]string, len(values))
		for i, one := range values {
			quoted[i] = strings.ReplaceAll(regexp.QuoteMeta(one), `\`, `\\`)
		}
		return strings.Join(quoted, "|")
	}
	return values[0]
}
