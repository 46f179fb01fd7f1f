package runtime

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/alecthomas/units"
	"github.com/prometheus/prometheus/config"
	_ "github.com/prometheus/prometheus/discovery/dns"  // registers dns_sd_configs
	_ "github.com/prometheus/prometheus/discovery/file" // registers file_sd_configs
	_ "github.com/prometheus/prometheus/discovery/http" // registers http_sd_configs
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// load reads and checks a configuration file with all files it names, or makes the built-in one. What is wrong with it
// comes as a ConfigError.
func load(o Options, p parser.Parser) (*config.Config, error) {
	// The library keeps samples for ever unless this variable is set before a file is read.
	config.DefaultTSDBRetentionConfig = config.TSDBRetentionConfig{Time: o.Retention, Size: units.Base2Bytes(o.RetentionSize)}
	text, name := builtin(o), "built-in configuration"
	if o.ConfigFile != "" {
		var err error
		if text, err = readText(o.ConfigFile); err != nil {
			return nil, &ConfigError{Lines: []string{err.Error()}}
		}
		name = o.ConfigFile
	}
	c, err := config.Load(string(text), o.Logger)
	if err != nil {
		return nil, explain(name, text, err)
	}
	if err := refuse(name, text, c); err != nil {
		return nil, err
	}
	c.SetDirectory(filepath.Dir(o.ConfigFile))
	if _, err := c.GetScrapeConfigs(); err != nil {
		return nil, explain(name, text, err)
	}
	return c, checkRules(o, c, p)
}

// maxText is the largest file of a configuration or of rules, in bytes. The largest real ones have some million.
const maxText = 64 << 20

// readText reads a file that a person wrote: not a device that never ends.
func readText(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err == nil && len(text) > maxText {
		err = fmt.Errorf("%s: larger than %d bytes: this is no configuration", name, maxText)
	}
	return text, err
}

// ruleFiles are the files that the patterns of a configuration name now.
func ruleFiles(c *config.Config) ([]string, error) {
	var files []string
	for _, pattern := range c.RuleFiles {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("rule_files: %s: %w", pattern, err)
		}
		files = append(files, matches...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// checkRules reads every rule file, so that a rule that does not parse is known before anything is replaced.
func checkRules(o Options, c *config.Config, p parser.Parser) error {
	files, err := ruleFiles(c)
	if err != nil {
		return &ConfigError{Lines: []string{err.Error()}}
	}
	var wrong ConfigError
	for _, file := range files {
		text, err := readText(file)
		if err != nil {
			wrong.Lines = append(wrong.Lines, err.Error())
			continue
		}
		_, errs := rulefmt.Parse(text, false, c.GlobalConfig.MetricNameValidationScheme, p, o.Logger)
		for _, err := range errs {
			wrong.Lines = append(wrong.Lines, ruleLine(file, text, err)...)
		}
	}
	if len(wrong.Lines) > 0 {
		return &wrong
	}
	return nil
}

// ruleLine places an error of a rule file: those about a rule begin with line:column already.
func ruleLine(file string, text []byte, err error) []string {
	var rule *rulefmt.Error
	if errors.As(err, &rule) {
		return []string{file + ":" + err.Error()}
	}
	return explain(file, text, err).Lines
}
