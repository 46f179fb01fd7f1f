package datahost

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/monctl/monctl/templates"
)

// rulesFile is the file of rules that a prevention adds to a Prometheus that others installed; other endings are for patterns that want them.
const rulesFile = "monctl-data.yml"

// preventing are the alerts that tell of samples of the future in time, and of samples that are refused.
var preventing = []string{"PrometheusHeadInFuture", "PrometheusRefusesSamples"}

// knownBy is the metric that a rule about the future must ask for; a Prometheus with such a rule is told already.
const knownBy = "prometheus_tsdb_head_max_time_seconds"

// preventingRules takes these alerts out of the rules that monctl's own Prometheus has.
func preventingRules() ([]byte, error) {
	catalog, err := templates.Load("")
	if err != nil {
		return nil, err
	}
	type group struct {
		Name  string          `yaml:"name"`
		Rules []yaml.MapSlice `yaml:"rules"`
	}
	var file struct {
		Groups []group `yaml:"groups"`
	}
	if err := yaml.Unmarshal(catalog["prometheus"].Rules["prometheus.yml"], &file); err != nil {
		return nil, fmt.Errorf("the rules of prometheus: %w", err)
	}
	chosen := group{Name: "monctl-data"}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if name, _ := r.ToMap()["alert"].(string); slices.Contains(preventing, name) {
				chosen.Rules = append(chosen.Rules, r)
			}
		}
	}
	if len(chosen.Rules) != len(preventing) {
		return nil, fmt.Errorf("of the rules %s there are %d", strings.Join(preventing, ", "), len(chosen.Rules))
	}
	file.Groups = []group{chosen}
	return yaml.Marshal(file)
}

var errByHand = errors.New("its rule_files are not written in a way that monctl edits")

// rulePlace says where a file of rules is to lie so that a Prometheus with this configuration reads it: where a pattern of its
// rule_files matches, else beside the configuration, with a line more in that. edited is the configuration then.
func rulePlace(config, text string) (file, edited string, err error) {
	var before struct {
		RuleFiles []string `yaml:"rule_files"`
	}
	if err := yaml.Unmarshal([]byte(text), &before); err != nil {
		return "", "", fmt.Errorf("%s is not understood: %w", config, err)
	}
	for _, pattern := range before.RuleFiles {
		if !path.IsAbs(pattern) {
			pattern = path.Join(path.Dir(config), pattern)
		}
		dir, base := path.Split(pattern)
		if strings.ContainsAny(dir, `*?[\`) || !strings.ContainsAny(base, "*?[") {
			continue
		}
		for _, ending := range []string{".yml", ".yaml", ".rules"} {
			name := strings.TrimSuffix(rulesFile, ".yml") + ending
			if is, err := path.Match(base, name); err == nil && is {
				return dir + name, text, nil
			}
		}
	}
	file, edited = path.Join(path.Dir(config), rulesFile), text
	if !slices.Contains(before.RuleFiles, rulesFile) { // else the file was taken away and the line left
		edited, err = withRuleFile(text)
	}
	return file, edited, err
}

// withRuleFile adds a line to the list of rule_files, or the list, and makes sure that nothing else has another meaning then.
func withRuleFile(text string) (string, error) {
	lines := strings.SplitAfter(text, "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "rule_files:") })
	edited := text
	if at < 0 {
		if text != "" && !strings.HasSuffix(text, "\n") {
			edited += "\n"
		}
		edited += "rule_files:\n  - " + rulesFile + "\n"
	} else {
		edited = strings.Join(slices.Insert(lines, at+1, indentOf(lines[at+1:])+"- "+rulesFile+"\n"), "")
	}
	if is, err := onlyMore(text, edited); err != nil || !is {
		return "", errors.Join(errByHand, err)
	}
	return edited, nil
}

// indentOf is how far the items of a list are indented, by the first of them.
func indentOf(lines []string) string {
	for _, l := range lines {
		word := strings.TrimLeft(l, " ")
		if strings.TrimSpace(word) == "" || strings.HasPrefix(word, "#") {
			continue
		}
		if strings.HasPrefix(word, "-") {
			return l[:len(l)-len(word)]
		}
		break
	}
	return "  "
}

// onlyMore says that two configurations differ in nothing but our file of rules.
func onlyMore(text, edited string) (bool, error) {
	var before, after map[string]any
	if err := errors.Join(yaml.Unmarshal([]byte(text), &before), yaml.Unmarshal([]byte(edited), &after)); err != nil {
		return false, err
	}
	had, _ := before["rule_files"].([]any)
	has, _ := after["rule_files"].([]any)
	delete(before, "rule_files")
	delete(after, "rule_files")
	same := len(before) == len(after) && (len(before) == 0 || reflect.DeepEqual(before, after))
	return same && slices.Equal(has, append([]any{rulesFile}, had...)), nil
}
