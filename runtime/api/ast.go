package api

import (
	"net/http"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

func (a *API) formatQuery(r *http.Request) (*answer, error) {
	expr, err := a.Parser.ParseExpr(r.FormValue("query"))
	if err != nil {
		return nil, badParameter(err, "query")
	}
	if depth(expr) > maxPretty {
		return &answer{data: expr.String()}, nil
	}
	return &answer{data: expr.Pretty(0)}, nil
}

// maxPretty is how deep an expression may be to be laid out: the layout takes time with the cube of it, and half a minute at 2000.
const maxPretty = 200

func depth(expr parser.Node) (most int) {
	parser.Inspect(expr, func(_ parser.Node, path []parser.Node) error {
		most = max(most, len(path))
		return nil
	})
	return most
}

func (a *API) parseQuery(r *http.Request) (*answer, error) {
	expr, err := a.Parser.ParseExpr(r.FormValue("query"))
	if err != nil {
		return nil, badParameter(err, "query")
	}
	return &answer{data: tree(expr)}, nil
}

// node is one node of an expression as upstream shows it.
type node map[string]any

// tree shows an expression. Times are in milliseconds.
func tree(expr parser.Expr) any {
	switch n := expr.(type) {
	case nil:
		return nil
	case *parser.AggregateExpr:
		return node{
			"type": "aggregation", "op": n.Op.String(), "expr": tree(n.Expr), "param": tree(n.Param),
			"grouping": listed(n.Grouping), "without": n.Without,
		}
	case *parser.BinaryExpr:
		return node{
			"type": "binaryExpr", "op": n.Op.String(), "lhs": tree(n.LHS), "rhs": tree(n.RHS),
			"matching": matching(n.VectorMatching), "bool": n.ReturnBool,
		}
	case *parser.Call:
		return call(n)
	case *parser.MatrixSelector:
		if inner, ok := n.VectorSelector.(*parser.VectorSelector); ok {
			shown := selector("matrixSelector", inner)
			shown["range"], shown["rangeExpr"] = n.Range.Milliseconds(), duration(n.RangeExpr)
			return shown
		}
	case *parser.VectorSelector:
		return selector("vectorSelector", n)
	case *parser.SubqueryExpr:
		return node{
			"type": "subquery", "expr": tree(n.Expr), "range": n.Range.Milliseconds(), "rangeExpr": duration(n.RangeExpr),
			"offset": n.OriginalOffset.Milliseconds(), "offsetExpr": duration(n.OriginalOffsetExpr),
			"step": n.Step.Milliseconds(), "stepExpr": duration(n.StepExpr), "timestamp": n.Timestamp, "startOrEnd": startOrEnd(n.StartOrEnd),
		}
	case *parser.DurationExpr:
		return duration(n)
	case *parser.NumberLiteral:
		return node{"type": "numberLiteral", "val": strconv.FormatFloat(n.Val, 'f', -1, 64)}
	case *parser.ParenExpr:
		return node{"type": "parenExpr", "expr": tree(n.Expr)}
	case *parser.StringLiteral:
		return node{"type": "stringLiteral", "val": n.Val}
	case *parser.UnaryExpr:
		return node{"type": "unaryExpr", "op": n.Op.String(), "expr": tree(n.Expr)}
	}
	return node{"type": "unknown", "expr": expr.String()}
}

func call(n *parser.Call) node {
	args := []any{}
	for _, arg := range n.Args {
		args = append(args, tree(arg))
	}
	f := n.Func
	return node{"type": "call", "args": args, "func": node{
		"name": f.Name, "argTypes": f.ArgTypes, "variadic": f.Variadic, "returnType": f.ReturnType,
	}}
}

func selector(kind string, n *parser.VectorSelector) node {
	return node{
		"type": kind, "name": n.Name, "offset": n.OriginalOffset.Milliseconds(), "offsetExpr": duration(n.OriginalOffsetExpr),
		"matchers": shownMatchers(n.LabelMatchers), "timestamp": n.Timestamp, "startOrEnd": startOrEnd(n.StartOrEnd),
		"anchored": n.Anchored, "smoothed": n.Smoothed,
	}
}

// duration shows an expression in the place of a duration. The parser has typed nil pointers there.
func duration(expr parser.Expr) any {
	switch n := expr.(type) {
	case *parser.DurationExpr:
		if n == nil {
			return nil
		}
		return node{"type": "durationExpr", "op": n.Op.String(), "lhs": duration(n.LHS), "rhs": duration(n.RHS), "wrapped": n.Wrapped}
	case *parser.NumberLiteral:
		if n == nil {
			return nil
		}
		return node{"type": "numberLiteral", "val": strconv.FormatFloat(n.Val, 'f', -1, 64), "duration": n.Duration}
	}
	return tree(expr)
}

func matching(m *parser.VectorMatching) any {
	if m == nil {
		return nil
	}
	return node{
		"card": m.Card.String(), "labels": listed(m.MatchingLabels), "on": m.On, "include": listed(m.Include),
		"fillValues": map[string]*float64{"lhs": m.FillValues.LHS, "rhs": m.FillValues.RHS},
	}
}

// listed is the list, and [] instead of null.
func listed(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func shownMatchers(matchers []*labels.Matcher) []node {
	shown := []node{}
	for _, m := range matchers {
		shown = append(shown, node{"name": m.Name, "value": m.Value, "type": m.Type.String()})
	}
	return shown
}

func startOrEnd(at parser.ItemType) any {
	if at == 0 {
		return nil
	}
	return at.String()
}
