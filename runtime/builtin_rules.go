package runtime

import (
	_ "embed"
	"log/slog"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// builtinRules stands for the rules below in the list of rule files; no file has this name.
const builtinRules = "monctl: built in"

//go:embed rules.yaml
var builtinRulesText []byte

// ruleLoader reads rule files, and the built-in rules.
type ruleLoader struct {
	parser parser.Parser
	log    *slog.Logger
}

func (l ruleLoader) Load(file string, ignoreUnknown bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	if file == builtinRules {
		return rulefmt.Parse(builtinRulesText, ignoreUnknown, scheme, l.parser, l.log)
	}
	return rulefmt.ParseFile(file, ignoreUnknown, scheme, l.parser, l.log)
}

func (l ruleLoader) Parse(query string) (parser.Expr, error) { return l.parser.ParseExpr(query) }

var _ rules.GroupLoader = ruleLoader{}
