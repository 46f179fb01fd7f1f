package runtime

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// limitedEngine refuses queries whose subqueries have more steps than samples are allowed, and those that make labels of any length. Upstream's
// engine makes room for all steps before it counts samples: vector(1)[10y:1s] would take gigabytes under any limit. Bytes of labels it does not count:
// a label_join of a label with itself doubles it, and thirty of them in each other are one sample of gigabytes.
type limitedEngine struct {
	promql.QueryEngine
	parser parser.Parser
	most   int                  // samples
	noStep func() time.Duration // of a subquery without one
}

func (e limitedEngine) NewInstantQuery(ctx context.Context, q storage.Queryable, o promql.QueryOpts, text string, at time.Time) (promql.Query, error) {
	if err := e.check(text, 0); err != nil {
		return nil, err
	}
	return e.QueryEngine.NewInstantQuery(ctx, q, o, text, at)
}

func (e limitedEngine) NewRangeQuery(ctx context.Context, q storage.Queryable, o promql.QueryOpts, text string, start, end time.Time, step time.Duration) (promql.Query, error) {
	if err := e.check(text, end.Sub(start)); err != nil {
		return nil, err
	}
	return e.QueryEngine.NewRangeQuery(ctx, q, o, text, start, end, step)
}

// check looks at a query over a span of time. What does not parse is the engine's to refuse.
func (e limitedEngine) check(text string, span time.Duration) error {
	if !strings.Contains(text, ":") && !strings.Contains(text, "label_") {
		return nil
	}
	expr, err := e.parser.ParseExpr(text)
	if err != nil {
		return nil
	}
	if n := labelSize(expr); n > maxLabelValue {
		return fmt.Errorf("label_join and label_replace in each other that can make a label of %d bytes, more than %d", n, maxLabelValue)
	}
	return e.checkSubqueries(expr, span)
}

// samplesOfStep is what a step of a subquery counts for: it takes 93 bytes while it is evaluated, a sample 16 (43 million of them: 4 GB).
const samplesOfStep = 10

func (e limitedEngine) checkSubqueries(expr parser.Expr, span time.Duration) error {
	var tooMany error
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		sub, ok := n.(*parser.SubqueryExpr)
		if !ok {
			return nil
		}
		// In milliseconds, because the sum of some spans of 292 years is more than a Duration holds.
		covers, step := span.Milliseconds()+sub.Range.Milliseconds(), sub.Step
		for _, outer := range path {
			if o, ok := outer.(*parser.SubqueryExpr); ok {
				covers += o.Range.Milliseconds()
			}
		}
		if step == 0 {
			step = e.noStep()
		}
		most := int64(max(e.most/samplesOfStep, 1))
		if steps := covers / max(step.Milliseconds(), 1); steps > most {
			tooMany = fmt.Errorf("subquery of %d steps, more than the %d of a query that may hold %d samples: %s", steps, most, e.most, sub)
		}
		return nil
	})
	return tooMany
}

// storedLabel is the length of a stored label's value, in bytes, for labelSize: longer than any that is not there to do harm.
const storedLabel = 256

// labelSize is the longest value, in bytes, that the functions on labels of an expression can make; the most is twice what is allowed.
func labelSize(n parser.Node) int {
	size := storedLabel
	for child := range parser.ChildrenIter(n) {
		size = max(size, labelSize(child))
	}
	if call, ok := n.(*parser.Call); ok {
		switch call.Func.Name {
		case "label_join": // (v, dst, separator, src...)
			size = max(len(call.Args)-3, 0) * (size + literal(call, 2))
		case "label_replace": // (v, dst, replacement, src, regex)
			size = max(size, size*references(call)+literal(call, 2))
		}
	}
	return min(max(size, storedLabel), 2*maxLabelValue)
}

// argument is the text that a call has in a place; the parser wants text there, which may be in parentheses.
func argument(call *parser.Call, i int) string {
	if i >= len(call.Args) {
		return ""
	}
	arg := call.Args[i]
	for {
		switch n := arg.(type) {
		case *parser.ParenExpr:
			arg = n.Expr
		case *parser.StringLiteral:
			return n.Val
		default:
			return ""
		}
	}
}

func literal(call *parser.Call, i int) int { return len(argument(call, i)) }

// references counts how often the replacement of a label_replace repeats what its regular expression found.
func references(call *parser.Call) int { return strings.Count(argument(call, 2), "$") }
