package dashboard

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Loki's own parser comes with all of Loki, so LogQL is read as what it is made of (Loki docs, "LogQL"): selectors, which
// are PromQL's; pipelines, whose stages are words, quoted texts and regular expressions; and around them PromQL's
// functions, aggregations and operators over ranges. What stands between quotes in a template of line_format, and the
// types of labels, stay unread.

// JudgeLogQL says what is wrong with an expression in LogQL, as far as that can be seen without Loki.
func JudgeLogQL(expr string) error {
	_, err := readLogs(expr)
	return err
}

// logQuery makes LogQL of a text with holes. A hole in a selector chooses any value; one in a line filter any line.
func (d *Dashboard) logQuery(filled string) (string, error) {
	logs, err := readLogs(filled)
	if err != nil {
		return "", fmt.Errorf("%s", hole.ReplaceAllString(err.Error(), "$$$1"))
	}
	var out strings.Builder
	for _, part := range logs {
		if part.kind == selector {
			if part.text, err = d.anyStream(part.text); err != nil {
				return "", err
			}
		}
		out.WriteString(hole.ReplaceAllString(part.text, ""))
	}
	return out.String(), nil
}

// anyStream writes a selector with what its holes choose.
func (d *Dashboard) anyStream(text string) (string, error) {
	matchers, err := streamMatchers(text)
	if err != nil {
		return "", err
	}
	if matchers, err = d.anyValue(matchers); err != nil {
		return "", err
	}
	var list []string
	for _, m := range matchers {
		list = append(list, m.String())
	}
	text = "{" + strings.Join(list, ", ") + "}"
	_, err = streamMatchers(text)
	return text, err
}

// streamMatchers reads a selector, which must choose something, as Loki wants it.
func streamMatchers(text string) ([]*labels.Matcher, error) {
	matchers, err := parser.NewParser(parser.Options{}).ParseMetricSelector(text)
	if err != nil {
		return nil, fmt.Errorf("selector %s: %w", text, err)
	}
	for _, m := range matchers {
		if !m.Matches("") {
			return matchers, nil
		}
	}
	return nil, fmt.Errorf("selector %s: it matches every stream; Loki wants one matcher that does not match an empty value", text)
}

// logPart is a piece of LogQL.
type logPart struct {
	kind logKind
	text string
}

type logKind int

const (
	around   logKind = iota // functions, aggregations, operators, ranges
	selector                // {app="corea"}
	pipeline                // |= "error" | json
)

// readLogs takes a query apart and judges the parts.
func readLogs(query string) ([]logPart, error) {
	var parts []logPart
	selected := false // a selector came last, so that | and ! begin a pipeline
	for rest := query; rest != ""; {
		kind, n := around, 0
		switch {
		case rest[0] == '{':
			kind, n, selected = selector, end(rest, "}")+1, true
		case selected && strings.IndexByte("|!", rest[0]) >= 0:
			kind, n = pipeline, end(rest, "[)")
		default:
			n, selected = plain(rest, selected)
		}
		if n > len(rest) {
			return nil, errors.New("the selector has no end")
		}
		parts = append(parts, logPart{kind, rest[:n]})
		rest = rest[n:]
	}
	return parts, judgeLogs(parts)
}

// plain gives the length of the text before the next selector or pipeline, and whether a selector still comes last.
func plain(s string, selected bool) (int, bool) {
	for n := 0; n < len(s); n++ {
		switch c := s[n]; {
		case strings.IndexByte("\"'`", c) >= 0:
			n += quotedLength(s[n:]) - 1
		case c == '{', selected && strings.IndexByte("|!", c) >= 0:
			return n, selected
		case c == ')':
			selected = false
		}
	}
	return len(s), selected
}

// end gives where one of the signs comes first, outside of quoted texts and brackets; the length of s when none does.
func end(s, signs string) int {
	depth := 0
	for n := 1; n < len(s); n++ {
		switch c := s[n]; {
		case strings.IndexByte("\"'`", c) >= 0:
			n += quotedLength(s[n:]) - 1
		case depth == 0 && strings.IndexByte(signs, c) >= 0:
			return n
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
	}
	return len(s)
}

func judgeLogs(parts []logPart) error {
	var frame strings.Builder // the query as PromQL, without its pipelines
	streams := 0
	for _, part := range parts {
		switch part.kind {
		case selector:
			streams++
			if _, err := streamMatchers(part.text); err != nil {
				return err
			}
			frame.WriteString("stream" + part.text)
		case pipeline:
			if err := judgePipeline(part.text); err != nil {
				return err
			}
			frame.WriteByte(' ')
		case around:
			frame.WriteString(part.text)
		}
	}
	if streams == 0 && !strings.Contains(frame.String(), "vector(") {
		return errors.New("it has no selector such as {app=\"corea\"}")
	}
	_, err := parsePromQL(asPromQL(frame.String()))
	return err
}

// ownFunctions are functions that only LogQL has, with one of PromQL that takes the same arguments.
var ownFunctions = strings.NewReplacer("bytes_rate", "rate", "bytes_over_time", "count_over_time", "rate_counter", "rate", "first_over_time", "last_over_time", "approx_topk", "topk")

// grouped finds the grouping that LogQL allows behind a range function.
var grouped = regexp.MustCompile(`\](\s*offset\s+\w+)?\s*\)\s*(by|without)\s*\([^()]*\)`)

func asPromQL(frame string) string {
	return grouped.ReplaceAllString(ownFunctions.Replace(frame), "]$1)")
}

// stages are the words that begin a stage of a pipeline, beside label filters.
var stages = regexp.MustCompile(`^(json|logfmt|pattern|regexp|unpack|unwrap|line_format|label_format|decolorize|drop|keep|label_replace)\b`)

// filter is a filter on a label: level="error", duration > 1s, also in parentheses.
var filter = regexp.MustCompile(`^\(*\s*\w+\s*(==|=~|!~|!=|>=|<=|=|>|<)`)

// expressions finds regular expressions in a pipeline.
var expressions = regexp.MustCompile("(?:[|!]~|\\bregexp|=~)\\s*(\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`)")

// lineFilter begins with one of these.
var lineFilters = []string{"|=", "|~", "|>", "!=", "!~", "!>"}

func judgePipeline(text string) error {
	for _, m := range expressions.FindAllStringSubmatch(text, -1) {
		inside := strings.Trim(m[1], "`")
		if m[1][0] == '"' {
			inside = strings.ReplaceAll(m[1][1:len(m[1])-1], `\\`, `\`)
		}
		if _, err := regexp.Compile(hole.ReplaceAllString(inside, "")); err != nil {
			return fmt.Errorf("%s: %w", m[1], err)
		}
	}
	for rest := text; rest != ""; {
		n := stageLength(rest)
		stage := strings.TrimSpace(rest[:n])
		rest = rest[n:]
		if err := judgeStage(stage); err != nil {
			return err
		}
	}
	return nil
}

// stageLength is the length of the stage that text begins with.
func stageLength(text string) int {
	for n := 2; n < len(text); n++ {
		switch {
		case strings.IndexByte("\"'`", text[n]) >= 0:
			n += quotedLength(text[n:]) - 1
		case text[n] == '|', text[n] == '!' && begins(text[n:]) && strings.HasSuffix(strings.TrimSpace(text[:n]), `"`):
			return n
		}
	}
	return len(text)
}

func begins(text string) bool {
	for _, f := range lineFilters {
		if strings.HasPrefix(text, f) {
			return true
		}
	}
	return false
}

func judgeStage(stage string) error {
	word := strings.TrimSpace(strings.TrimPrefix(stage, "|"))
	switch {
	case begins(stage):
		after := strings.TrimSpace(stage[2:])
		if after == "" || strings.IndexByte("\"`i", after[0]) < 0 {
			return fmt.Errorf("line filter %s: want a quoted text", stage)
		}
		if after[0] != 'i' && (len(after) == 1 || quotedLength(after) == len(after) && after[len(after)-1] != after[0]) {
			return fmt.Errorf("line filter %s: the quoted text has no end", stage)
		}
	case stages.MatchString(word), filter.MatchString(word):
	default:
		return fmt.Errorf("there is no stage %q", stage)
	}
	return nil
}
