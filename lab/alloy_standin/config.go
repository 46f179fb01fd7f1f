package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/vm"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/relabel"
)

// config is a whole configuration: components by label.
type config struct {
	writers   map[string]*writer
	processes map[string]*process
	relabels  map[string][]*relabel.Config
	journals  []*journalArgs
	files     []*filesArgs
}

type (
	loggingArgs struct {
		Level  string `alloy:"level,attr,optional"`
		Format string `alloy:"format,attr,optional"`
	}
	writeArgs struct {
		Endpoints []endpointArgs `alloy:"endpoint,block,optional"`
	}
	endpointArgs struct {
		URL     string `alloy:"url,attr"`
		Retries int    `alloy:"max_backoff_retries,attr,optional"`
		Period  string `alloy:"max_backoff_period,attr,optional"`
	}
	relabelArgs struct {
		ForwardTo []string   `alloy:"forward_to,attr"`
		Rules     []ruleArgs `alloy:"rule,block,optional"`
	}
	ruleArgs struct {
		Source      []string `alloy:"source_labels,attr,optional"`
		Regex       string   `alloy:"regex,attr,optional"`
		Target      string   `alloy:"target_label,attr,optional"`
		Replacement string   `alloy:"replacement,attr,optional"`
		Action      string   `alloy:"action,attr,optional"`
	}
	journalArgs struct {
		ForwardTo []string          `alloy:"forward_to,attr"`
		MaxAge    string            `alloy:"max_age,attr,optional"`
		Rules     string            `alloy:"relabel_rules,attr,optional"`
		Labels    map[string]string `alloy:"labels,attr,optional"`
	}
	matchArgs struct {
		Targets []map[string]string `alloy:"path_targets,attr"`
	}
	filesArgs struct {
		Targets   []map[string]string `alloy:"targets,attr"`
		ForwardTo []string            `alloy:"forward_to,attr"`
	}
	processArgs struct {
		ForwardTo []string    `alloy:"forward_to,attr"`
		Stages    []stageArgs `alloy:"stage,enum,optional"`
	}
)

// load reads and judges a file: every block and argument must be known, every reference must lead somewhere.
func load(file string) (*config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	tree, err := parser.ParseFile(file, text)
	if err != nil {
		return nil, err
	}
	c := &config{writers: map[string]*writer{}, processes: map[string]*process{}, relabels: map[string][]*relabel.Config{}}
	exports := map[string]any{}
	// File matchers first: what they export is a value, not a name.
	for _, matchers := range []bool{true, false} {
		for _, statement := range tree.Body {
			block, ok := statement.(*ast.BlockStmt)
			if !ok {
				return nil, fmt.Errorf("%s: an argument outside of blocks", file)
			}
			name := strings.Join(block.Name, ".")
			if matchers != (name == "local.file_match") {
				if matchers {
					declare(exports, name, block.Label)
				}
				continue
			}
			if err := c.block(name, block, exports); err != nil {
				return nil, err
			}
		}
	}
	return c, c.connected()
}

// declare makes what a component exports known to expressions: its own name.
func declare(exports map[string]any, name, label string) {
	export := map[string]string{"loki.write": "receiver", "loki.process": "receiver", "loki.relabel": "rules"}[name]
	if export != "" {
		put(exports, name, label, export, name+"."+label)
	}
}

// put sets exports[a][b][label][export].
func put(exports map[string]any, name, label, export string, value any) {
	at := exports
	for _, word := range append(strings.Split(name, "."), label) {
		next, ok := at[word].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[word] = next
		}
		at = next
	}
	at[export] = value
}

func (c *config) block(name string, block *ast.BlockStmt, exports map[string]any) error {
	scope := &vm.Scope{Variables: exports}
	into := func(v any) error { return vm.New(block.Body).Evaluate(scope, v) }
	switch name {
	case "logging":
		return into(&loggingArgs{})
	case "local.file_match":
		var a matchArgs
		err := into(&a)
		put(exports, name, block.Label, "targets", a.Targets)
		return err
	case "loki.write":
		var a writeArgs
		err := into(&a)
		c.writers[name+"."+block.Label] = newWriter(a)
		return err
	case "loki.relabel":
		var a relabelArgs
		if err := into(&a); err != nil {
			return err
		}
		rules, err := rulesOf(a)
		c.relabels[name+"."+block.Label] = rules
		return err
	case "loki.source.journal":
		a := &journalArgs{}
		c.journals = append(c.journals, a)
		return into(a)
	case "loki.source.file":
		a := &filesArgs{}
		c.files = append(c.files, a)
		return into(a)
	case "loki.process":
		var a processArgs
		if err := into(&a); err != nil {
			return err
		}
		p, err := newProcess(a)
		c.processes[name+"."+block.Label] = p
		return err
	}
	return fmt.Errorf("the stand-in has no component %s", name)
}

func rulesOf(a relabelArgs) ([]*relabel.Config, error) {
	var rules []*relabel.Config
	for _, r := range a.Rules {
		c := relabel.DefaultRelabelConfig
		c.NameValidationScheme = model.UTF8Validation
		for _, s := range r.Source {
			c.SourceLabels = append(c.SourceLabels, model.LabelName(s))
		}
		if r.Regex != "" {
			regex, err := relabel.NewRegexp(r.Regex)
			if err != nil {
				return nil, err
			}
			c.Regex = regex
		}
		if r.Replacement != "" {
			c.Replacement = r.Replacement
		}
		if r.Action != "" {
			c.Action = relabel.Action(r.Action)
		}
		c.TargetLabel = r.Target
		rules = append(rules, &c)
	}
	return rules, nil
}

// connected sees to it that everything is sent somewhere that is there.
func (c *config) connected() error {
	var errs []error
	check := func(to []string) {
		for _, name := range to {
			if c.writers[name] == nil && c.processes[name] == nil {
				errs = append(errs, fmt.Errorf("there is no %s", name))
			}
		}
	}
	for _, p := range c.processes {
		check(p.forwardTo)
	}
	for _, j := range c.journals {
		check(j.ForwardTo)
	}
	for _, f := range c.files {
		check(f.ForwardTo)
	}
	return errors.Join(errs...)
}

// compiled is a regular expression that must be one.
func compiled(text string) (*regexp.Regexp, error) {
	r, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return r, nil
}
