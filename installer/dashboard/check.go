package dashboard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// The kinds of datasources whose queries are understood here, as Grafana calls them.
const (
	Prometheus = "prometheus"
	Loki       = "loki"
)

// Question is one query of a dashboard, ready to be sent: Grafana's variables are resolved, those that a reader chooses
// stand for any value.
type Question struct {
	Panel string // title of the panel, or "variable $NAME"
	Empty string // what the panel says in place of "No data", when it may have none without a fault
	Query        // as it is written
	Ready string // to be sent; "" with Err
	Err   error  // it cannot be understood
}

// Questions lists what the panels of a dashboard ask. Queries in languages other than PromQL and LogQL are left out: what
// they would need is not here.
func (d *Dashboard) Questions(v View) []Question {
	var list []Question
	for _, p := range d.Panels {
		for _, q := range p.Queries {
			asked := Question{Panel: p.Title, Empty: p.Empty, Query: q}
			switch d.kind(q.Datasource) {
			case Prometheus:
				asked.Ready, asked.Err = d.ready(q.Text, v, d.metricQuery)
			case Loki:
				asked.Ready, asked.Err = d.ready(q.Text, v, d.logQuery)
			default:
				continue
			}
			list = append(list, asked)
		}
	}
	return list
}

// Choices lists what the variables of a dashboard ask a Prometheus to find their values.
func (d *Dashboard) Choices(v View) []Question {
	var list []Question
	for _, variable := range d.Variables {
		if q, ok := d.variableQuestion(variable, v); ok {
			list = append(list, q)
		}
	}
	return list
}

func (d *Dashboard) ready(query string, s View, understand func(string) (string, error)) (string, error) {
	filled, err := d.fill(query, s)
	if err != nil {
		return "", err
	}
	return understand(filled)
}

// kind is the type of a datasource, also of one that a variable names. A plain name is taken for a Prometheus', which
// is what nearly all dashboards of the time of plain names ask.
func (d *Dashboard) kind(s Datasource) string {
	if name := strings.Join(reference.FindStringSubmatch(s.UID), ""); s.Type == "" && name != "" {
		for _, v := range d.Variables {
			if v.Type == "datasource" && strings.Contains(name, v.Name) {
				return v.Query
			}
		}
	}
	return or(s.Type, Prometheus)
}

// variableQuestion gives what a variable asks a Prometheus. Loki is asked for labels, which needs no query.
func (d *Dashboard) variableQuestion(v Variable, s View) (Question, bool) {
	if v.Type != "query" || d.kind(v.Datasource) != Prometheus {
		return Question{}, false
	}
	expr := strings.TrimSpace(v.Query)
	for _, function := range []string{"label_values(", "query_result("} {
		if inner, ok := strings.CutPrefix(expr, function); ok {
			expr = strings.TrimSuffix(inner, ")")
			if function == "label_values(" {
				n := strings.LastIndex(expr, ",")
				if n < 0 {
					return Question{}, false // of all series
				}
				expr = expr[:n]
			}
			q := Question{Panel: "variable $" + v.Name, Query: Query{Datasource: v.Datasource, Text: expr, Instant: true}}
			q.Ready, q.Err = d.ready(expr, s, d.metricQuery)
			return q, true
		}
	}
	return Question{}, false
}

// Selector makes ready what a variable asks the values of a label of: a metric or a selector; "" is all.
func (d *Dashboard) Selector(text string, v View) (string, error) {
	if text == "" {
		return "", nil
	}
	return d.ready(text, v, d.metricQuery)
}

// Missing lists the metrics without which a question to a Prometheus cannot be answered.
func (q Question) Missing(have Names) []string {
	if q.Err != nil || q.Datasource.Type == Loki {
		return nil
	}
	expr, err := parsePromQL(q.Ready)
	if err != nil {
		return nil
	}
	names := missing(expr, have)
	slices.Sort(names)
	return slices.Compact(names)
}

// Needs lists the metrics that a dashboard names.
func (d *Dashboard) Needs(v View) []string {
	var names []string
	for _, q := range append(d.Choices(v), d.Questions(v)...) {
		names = append(names, q.Missing(nothing{})...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nothing are the names of a Prometheus that has none.
type nothing struct{}

func (nothing) Has(string) bool            { return false }
func (nothing) Match(*labels.Matcher) bool { return false }

// Where names a question for people: "corea.json: panel "Requests" (A)".
func (q Question) Where(d *Dashboard) string {
	if q.Ref == "" {
		return d.File + ": " + q.Panel
	}
	return fmt.Sprintf("%s: panel %q (%s)", d.File, q.Panel, q.Ref)
}
