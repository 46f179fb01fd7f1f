package runtime

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/strutil"
)

// Bounds of the text of an expression: it is taken apart before any limit of a query counts.
const (
	maxExpression = 1 << 20 // bytes
	// Each operator and bracket may be a level of recursion, with kilobytes of stack. A stack that is full ends the process: Go
	// has no way back from it.
	maxNesting   = 2000
	maxSelectors = 200    // match[] of one request
	maxRepeats   = 20_000 // instructions that {n} in its regular expressions may add; each takes some hundred bytes
)

// boundedParser refuses what would exhaust memory or stack while it is parsed or evaluated.
type boundedParser struct{ parser.Parser }

func (p boundedParser) ParseExpr(text string) (parser.Expr, error) {
	if err := bounded(text); err != nil {
		return nil, err
	}
	return p.Parser.ParseExpr(text)
}

func (p boundedParser) ParseMetricSelector(text string) ([]*labels.Matcher, error) {
	if err := bounded(text); err != nil {
		return nil, err
	}
	return p.Parser.ParseMetricSelector(text)
}

func (p boundedParser) ParseMetricSelectors(texts []string) ([][]*labels.Matcher, error) {
	if len(texts) > maxSelectors {
		return nil, fmt.Errorf("%d selectors, more than the %d that one request may have", len(texts), maxSelectors)
	}
	if err := bounded(texts...); err != nil {
		return nil, err
	}
	return p.Parser.ParseMetricSelectors(texts)
}

// bounded counts what the texts of one request have in common.
func bounded(texts ...string) error {
	size, nested, repeated := 0, 0, 0
	for _, text := range texts {
		if size += len(text); size > maxExpression {
			return fmt.Errorf("expression of more than %d bytes", maxExpression)
		}
		n, r := weigh(text)
		nested, repeated = nested+n, repeated+r
	}
	if nested > maxNesting {
		return fmt.Errorf("expression with %d operators and brackets, more than the %d that one may have", nested, maxNesting)
	}
	return tooRepeated(repeated)
}

// boundedPatterns does the same for regular expressions that come without a text around them.
func boundedPatterns(patterns []string) error {
	if len(patterns) > maxSelectors {
		return fmt.Errorf("%d matchers, more than the %d that one request may have", len(patterns), maxSelectors)
	}
	repeated := 0
	for _, p := range patterns {
		repeated += repeatsOf(p)
	}
	return tooRepeated(repeated)
}

func tooRepeated(n int) error {
	if n > maxRepeats {
		return fmt.Errorf("regular expressions whose repetitions {n} make them longer by %d, more than the %d that they may", n, maxRepeats)
	}
	return nil
}

// weigh counts the operators and brackets of an expression, and what the repetitions in its strings expand to. It ends where
// the parser will end.
func weigh(text string) (nested, repeated int) {
	matchers := false // between braces, where operators do not nest
	lexer := parser.Lex(text)
	for {
		var item parser.Item
		lexer.NextItem(&item)
		switch item.Typ {
		case parser.EOF, parser.ERROR:
			return nested, repeated
		case parser.LEFT_BRACE:
			matchers = true
		case parser.RIGHT_BRACE:
			matchers = false
		case parser.STRING:
			repeated += repeats(item.Val)
		case parser.LEFT_PAREN, parser.LEFT_BRACKET:
			nested++
		default:
			if item.Typ.IsOperator() && !matchers {
				nested++
			}
		}
	}
}

// repeats is by how many instructions {n} makes a string longer, if it is a regular expression; 0 when it is none.
func repeats(quoted string) int {
	if !strings.Contains(quoted, "{") {
		return 0
	}
	text, err := strutil.Unquote(quoted)
	if err != nil {
		return 0
	}
	return repeatsOf(text)
}

func repeatsOf(text string) int {
	re, err := syntax.Parse(text, syntax.Perl|syntax.DotNL)
	if err != nil {
		return 0 // for the parser to refuse
	}
	plain, full := sizes(re)
	return full - plain
}

// sizes is the number of instructions of a regular expression, as it is written and as it is compiled.
func sizes(re *syntax.Regexp) (plain, full int) {
	plain = 1
	if re.Op == syntax.OpLiteral {
		plain = len(re.Rune)
	}
	full = plain
	for _, sub := range re.Sub {
		p, f := sizes(sub)
		plain, full = plain+p, full+f
	}
	if re.Op == syntax.OpRepeat {
		full *= max(re.Min, re.Max, 1)
	}
	return plain, full
}
