package desired

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/token"
)

// alloyBlocks are the blocks that monctl writes and the arguments that each has, as Alloy's reference documents them
// (grafana.com/docs/alloy/latest/reference). The parser is that of Alloy itself.
var alloyBlocks = map[string][]string{
	"logging":             {"level", "format"},
	"loki.write":          {"external_labels", "max_streams"},
	"endpoint":            {"url", "batch_size", "batch_wait", "max_backoff_period", "max_backoff_retries", "min_backoff_period", "remote_timeout", "tenant_id"},
	"loki.relabel":        {"forward_to", "max_cache_size"},
	"rule":                {"action", "modulus", "regex", "replacement", "separator", "source_labels", "target_label"},
	"loki.source.journal": {"forward_to", "format_as_json", "labels", "matches", "max_age", "path", "relabel_rules"},
	"local.file_match":    {"path_targets", "sync_period"},
	"loki.source.file":    {"forward_to", "targets", "encoding", "legacy_positions_file", "tail_from_end"},
	"loki.process":        {"forward_to"},
	"stage.multiline":     {"firstline", "max_lines", "max_wait_time"},
	"stage.regex":         {"expression", "source"},
	"stage.template":      {"source", "template"},
	"stage.labels":        {"values"},
	"stage.static_labels": {"values"},
	"stage.timestamp":     {"source", "format", "fallback_formats", "location", "action_on_failure"},
}

// alloyChecker walks a configuration and notes what is wrong.
type alloyChecker struct {
	t        *testing.T
	declared []string // "loki.process.app_corea"
	used     []string
}

func (c *alloyChecker) body(block string, body ast.Body) {
	seen := map[string]bool{}
	for _, s := range body {
		switch s := s.(type) {
		case *ast.BlockStmt:
			name := strings.Join(s.Name, ".")
			if _, known := alloyBlocks[name]; !known {
				c.t.Errorf("block %s is not documented", name)
			}
			if s.Label != "" {
				c.declared = append(c.declared, name+"."+s.Label)
			}
			c.body(name, s.Body)
		case *ast.AttributeStmt:
			if !slices.Contains(alloyBlocks[block], s.Name.Name) || seen[s.Name.Name] {
				c.t.Errorf("block %s: argument %s is not documented, or there twice", block, s.Name.Name)
			}
			seen[s.Name.Name] = true
			c.value(s.Name.Name, s.Value)
		}
	}
}

func (c *alloyChecker) value(argument string, e ast.Expr) {
	switch e := e.(type) {
	case *ast.LiteralExpr:
		text, err := strconv.Unquote(e.Value)
		if e.Kind != token.STRING {
			return
		}
		if err == nil && slices.Contains([]string{"regex", "expression", "firstline"}, argument) {
			_, err = regexp.Compile(text)
		}
		if err != nil {
			c.t.Errorf("%s = %s: %v", argument, e.Value, err)
		}
	case *ast.ArrayExpr:
		for _, one := range e.Elements {
			c.value(argument, one)
		}
	case *ast.ObjectExpr:
		for _, f := range e.Fields {
			c.value(argument, f.Value)
		}
	case *ast.AccessExpr:
		c.used = append(c.used, dotted(e.Value)) // without the exported field
	}
}

func dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.AccessExpr:
		return dotted(e.Value) + "." + e.Name.Name
	case *ast.IdentifierExpr:
		return e.Ident.Name
	}
	return "?"
}

func TestAlloyConfigurationIsWhatIsDocumented(t *testing.T) {
	s := example(t)
	for _, i := range s.Of("alloy") {
		text := contents(t, s, i.Host.Name)[i.Config()+"/config.alloy"]
		file, err := parser.ParseFile("config.alloy", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		c := &alloyChecker{t: t}
		c.body("", file.Body)
		for _, name := range c.used {
			if !slices.Contains(c.declared, name) {
				t.Errorf("%s on %s is not declared:\n%s", name, i.Host.Name, text)
			}
		}
		if len(c.used) < 4 {
			t.Errorf("nothing is connected: %v", c.used)
		}
	}
	if _, err := parser.ParseFile("x", []byte(`loki.write "x" { endpoint { url = } }`)); err == nil {
		t.Error("the parser accepts anything")
	}
}

// TestLevelOfALine runs what the agents are told to do with a line: the regular expression, then the template.
func TestLevelOfALine(t *testing.T) {
	words := regexp.MustCompile(levelWords)
	name := template.Must(template.New("level").Funcs(template.FuncMap{"ToUpper": strings.ToUpper}).Parse(levelName))
	for line, want := range map[string]string{
		"2026-11-25T10:00:00.123+09:00 DEBUG 12345 --- [main] c.e.App : an error in the text": "DEBUG",
		"2026-11-25 10:00:00,123  WARN [http-1] o.a.Coyote : x":                               "WARN",
		`{"@timestamp":"2026-11-25T10:00:00Z","level":"ERROR","message":"x"}`:                 "ERROR",
		"level=info msg=started":             "INFO",
		"25-Nov-2026 10:00:00 SEVERE [main]": "ERROR",
		"[warning] disk":                     "WARN",
		"informational only, no level":       "",
		"DEBUGGING is not a level":           "",
	} {
		found := ""
		if m := words.FindStringSubmatch(line); m != nil {
			var b bytes.Buffer
			if err := name.Execute(&b, map[string]string{"Value": m[1]}); err != nil {
				t.Fatal(err)
			}
			found = b.String()
		}
		if found != want {
			t.Errorf("%s: got %q, want %q", line, found, want)
		}
	}
}

// TestTimeOfALine runs what the agents are told to do with the time in a line.
func TestTimeOfALine(t *testing.T) {
	words := regexp.MustCompile(timeWords)
	at := time.Date(2026, 11, 25, 1, 2, 3, 123e6, time.UTC)
	for line, want := range map[string]time.Time{
		"2026-11-25T10:02:03.123+09:00 DEBUG 12345 --- [main] c.e.App : Spring Boot 3":         at,
		"2026-11-25T01:02:03.123Z  INFO x":                                                     at,
		"2026-11-25 10:02:03,123+0900 http-nio INFO jira":                                      at,
		`{"@timestamp":"2026-11-25T01:02:03.123Z","log.level":"ERROR","message":"structured"}`: at,
		`{"message":"x","@timestamp" : "2026-11-25T10:02:03.123+09:00"}`:                       at,
		"2026-11-25T01:02:03+0000 no fraction":                                                 at.Truncate(time.Second),
		"2026-11-25 10:02:03.123  INFO 1 --- [main] Spring Boot 2 names no zone":               {},
		"INFO 2026-11-25T01:02:03Z the time of something else":                                 {},
		"2026-13-45T99:99:99Z no time at all":                                                  {},
	} {
		var got time.Time
		if m := words.FindStringSubmatch(line); m != nil {
			for _, form := range timeForms {
				if parsed, err := time.Parse(form, m[1]); err == nil {
					got = parsed
					break
				}
			}
		}
		if !got.Equal(want) {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
}

func TestIdentifiersAreNeverShared(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"a-b", "a_b", "a.b", "a__b", "a_2db", "ab", "A-b", "a-", "a_", "a.", "1"} {
		id := identifier(name)
		if other, taken := seen[id]; taken || !regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`).MatchString(id) {
			t.Errorf("%q and %q are %s", name, other, id)
		}
		seen[id] = name
	}
}
