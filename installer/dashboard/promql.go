package dashboard

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// parsePromQL reads a query with Prometheus' own parser, as strict as a Prometheus without feature flags.
func parsePromQL(query string) (parser.Expr, error) {
	return parser.NewParser(parser.Options{}).ParseExpr(query)
}

// metricQuery makes PromQL of a text with holes: what a hole chooses is any value.
func (d *Dashboard) metricQuery(filled string) (string, error) {
	expr, err := parsePromQL(filled)
	if err != nil {
		return "", fmt.Errorf("%s", hole.ReplaceAllString(err.Error(), "$$$1"))
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			n.LabelMatchers, err = d.anyValue(n.LabelMatchers)
		case *parser.StringLiteral:
			n.Val = hole.ReplaceAllString(n.Val, "any")
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if !strings.Contains(filled, open) {
		return filled, nil
	}
	return expr.String(), nil
}

// stray finds a variable that is none.
var stray = regexp.MustCompile(`\$[A-Za-z_]\w*|\$\{\w+[^}]*\}|\[\[\w+\]\]`)

// anyValue replaces matchers that choose by a variable: an equal one by a regular expression, an unequal one by none.
func (d *Dashboard) anyValue(matchers []*labels.Matcher) ([]*labels.Matcher, error) {
	var list []*labels.Matcher
	for _, m := range matchers {
		switch {
		case stray.MatchString(m.Value):
			return nil, fmt.Errorf("label %s: there is no variable %s", m.Name, stray.FindString(m.Value))
		case !strings.Contains(m.Value, open):
			list = append(list, m)
		case m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp:
			wide, err := labels.NewMatcher(labels.MatchRegexp, m.Name, d.anyText(m.Value, m.Type == labels.MatchEqual))
			if err != nil {
				return nil, fmt.Errorf("label %s: %w", m.Name, err)
			}
			list = append(list, wide)
		}
	}
	return list, nil
}

// anyText makes a regular expression of a text with holes; what is between them is a plain text, or one already.
func (d *Dashboard) anyText(value string, plain bool) string {
	var b strings.Builder
	for value != "" {
		at := hole.FindStringSubmatchIndex(value)
		if at == nil {
			at = []int{len(value), len(value), 0, 0}
		}
		before := value[:at[0]]
		if plain {
			before = regexp.QuoteMeta(before)
		}
		b.WriteString(before)
		if at[1] > at[0] {
			b.WriteString(d.all(value[at[2]:at[3]]))
		}
		value = value[at[1]:]
	}
	return b.String()
}

// Names are the metrics that a Prometheus has.
type Names interface {
	// Has says whether there is a metric of this name.
	Has(name string) bool
	// Match says whether there is a metric whose whole name matches.
	Match(name *labels.Matcher) bool
}

// NameList is a list of metrics.
type NameList []string

// Has says whether a name is in the list.
func (l NameList) Has(name string) bool { return slices.Contains(l, name) }

// Match says whether a name in the list matches.
func (l NameList) Match(name *labels.Matcher) bool { return slices.ContainsFunc(l, name.Matches) }

// missing lists the metrics without which an expression has no answer. Of the two sides of an "or", one is enough; an
// absent() is about what is not there.
func missing(expr parser.Expr, have Names) []string {
	switch e := expr.(type) {
	case *parser.BinaryExpr:
		left, right := missing(e.LHS, have), missing(e.RHS, have)
		if e.Op == parser.LOR && (len(left) == 0 || len(right) == 0) {
			return nil
		}
		if e.Op == parser.LUNLESS {
			return left
		}
		return append(left, right...)
	case *parser.VectorSelector:
		return missingName(e, have)
	case *parser.Call:
		if strings.HasPrefix(e.Func.Name, "absent") {
			return nil
		}
	}
	var all []string
	for child := range parser.ChildrenIter(expr) {
		if inner, ok := child.(parser.Expr); ok {
			all = append(all, missing(inner, have)...)
		}
	}
	return all
}

func missingName(s *parser.VectorSelector, have Names) []string {
	for _, m := range s.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			if m.Type == labels.MatchEqual && !have.Has(m.Value) || m.Type == labels.MatchRegexp && !have.Match(m) {
				return []string{m.Value}
			}
		}
	}
	return nil
}
