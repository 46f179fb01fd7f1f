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

// limitedEngine refuses queries whose subqueries have more steps than samples are allowed. Upstream's engine makes room for
// all steps before it counts samples: vector(1)[10y:1s] would take gigabytes under any limit.
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

// check looks at the subqueries of a query over a span of time. What does not parse is the engine's to refuse.
func (e limitedEngine) check(text string, span time.Duration) error {
	if !strings.Contains(text, ":") {
		return nil
	}
	expr, err := e.parser.ParseExpr(text)
	if err != nil {
		return nil
	}
	var tooMany error
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		sub, ok := n.(*parser.SubqueryExpr)
		if !ok {
			return nil
		}
		covers, step := span+sub.Range, sub.Step
		for _, outer := range path {
			if o, ok := outer.(*parser.SubqueryExpr); ok {
				covers += o.Range
			}
		}
		if step == 0 {
			step = e.noStep()
		}
		if steps := int64(covers / max(step, time.Millisecond)); steps > int64(e.most) {
			tooMany = fmt.Errorf("subquery of %d steps, more than the %d samples that a query may hold: %s", steps, e.most, sub)
		}
		return nil
	})
	return tooMany
}
