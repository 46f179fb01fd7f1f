package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// settings are values by "section.key"; keys before any section have no dot.
type settings struct {
	home   string
	values map[string]string
}

// load applies what Grafana applies, in its order: the defaults of the home
// folder, cfg:default.* arguments, the config file, GF_* variables, cfg:* arguments.
func load(home, config string, overrides, environ []string) (*settings, error) {
	s := &settings{home: home, values: map[string]string{}}
	defaults := filepath.Join(home, "conf", "defaults.ini")
	if err := s.readFile(defaults, false); err != nil {
		return nil, fmt.Errorf("settings: %w; --homepath must be the unpacked archive", err)
	}
	if err := s.override(overrides, true); err != nil {
		return nil, err
	}
	if config != "" {
		if err := s.readFile(config, true); err != nil {
			return nil, fmt.Errorf("settings: %w", err)
		}
	}
	if err := s.environment(environ); err != nil {
		return nil, err
	}
	if err := s.override(overrides, false); err != nil {
		return nil, err
	}
	return s, s.expandAll()
}

// readFile reads an ini file. Strictly, only keys that have a default are allowed.
func (s *settings) readFile(path string, strict bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	section, number := "", 0
	scan := bufio.NewScanner(file)
	for scan.Scan() {
		number++
		line := strings.TrimSpace(scan.Text())
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[' && strings.HasSuffix(line, "]"):
			section = strings.TrimSpace(line[1:len(line)-1]) + "."
		default:
			if err := s.readLine(section, line, strict); err != nil {
				return fmt.Errorf("%s:%d: %w", path, number, err)
			}
		}
	}
	return scan.Err()
}

func (s *settings) readLine(section, line string, strict bool) error {
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		return fmt.Errorf("%q is neither [section] nor key = value", line)
	}
	name := section + strings.TrimSpace(key)
	if _, known := s.values[name]; strict && !known {
		return fmt.Errorf("unknown setting %q", name)
	}
	s.values[name] = unquote(strings.TrimSpace(value))
	return nil
}

func unquote(value string) string {
	for _, quote := range []string{`"""`, `"`, "`"} {
		if len(value) >= 2*len(quote) && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return value[len(quote) : len(value)-len(quote)]
		}
	}
	return value
}

// override applies arguments of the form cfg:default.section.key=value, or
// cfg:section.key=value, whichever is asked for.
func (s *settings) override(arguments []string, defaults bool) error {
	for _, argument := range arguments {
		pair, ok := strings.CutPrefix(argument, "cfg:")
		name, value, hasValue := strings.Cut(pair, "=")
		if !ok || !hasValue {
			return fmt.Errorf("settings: argument %q: want cfg:section.key=value", argument)
		}
		name, isDefault := strings.CutPrefix(name, "default.")
		if isDefault != defaults {
			continue
		}
		if _, known := s.values[name]; !known {
			return fmt.Errorf("settings: argument %q: unknown setting %q", argument, name)
		}
		s.values[name] = value
	}
	return nil
}

// environment applies GF_SECTION_KEY variables. Names ending in __FILE are
// refused: the start script of Grafana's container image reads them, Grafana
// itself does not.
func (s *settings) environment(environ []string) error {
	byVariable := map[string]string{}
	for name := range s.values {
		byVariable["GF_"+strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(name))] = name
	}
	for _, pair := range environ {
		variable, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(variable, "GF_") || value == "" {
			continue
		}
		if strings.HasSuffix(variable, "__FILE") {
			return fmt.Errorf("settings: variable %s works in Grafana's container image only; write $__file{...} into the config file", variable)
		}
		name, known := byVariable[variable]
		if !known {
			return fmt.Errorf("settings: variable %s: no such setting", variable)
		}
		s.values[name] = value
	}
	return nil
}

var reference = regexp.MustCompile(`\$__(file|env)\{([^}]*)\}|\$\{(\w+)\}`)

// expand replaces $__file{path}, $__env{NAME} and ${NAME}.
func expand(value string) (string, error) {
	var failed error
	out := reference.ReplaceAllStringFunc(value, func(match string) string {
		parts := reference.FindStringSubmatch(match)
		if parts[1] != "file" {
			return os.Getenv(parts[2] + parts[3])
		}
		text, err := os.ReadFile(parts[2])
		if err != nil {
			failed = err
		}
		return strings.TrimSpace(string(text))
	})
	return out, failed
}

func (s *settings) expandAll() error {
	for name, value := range s.values {
		expanded, err := expand(value)
		if err != nil {
			return fmt.Errorf("settings: %s: %w", name, err)
		}
		s.values[name] = expanded
	}
	return nil
}

func (s *settings) get(name string) string { return s.values[name] }

// path is a folder setting; relative ones start at the home folder.
func (s *settings) path(name string) string {
	if value := s.values[name]; filepath.IsAbs(value) {
		return value
	}
	return filepath.Join(s.home, s.values[name])
}
