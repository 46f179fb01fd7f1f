package desired

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/templates"
)

// Prometheus' own notations: model.ParseDuration and units.Base2Bytes of its flags.
var (
	durationShape = regexp.MustCompile(`^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$`)
	sizeShape     = regexp.MustCompile(`^[0-9]+(B|KB|MB|GB|TB|PB|EB)$`)
	labelShape    = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	plainPath     = regexp.MustCompile(`^/[A-Za-z0-9._/@+-]+$`)
	nameShape     = regexp.MustCompile(`^[A-Za-z0-9._@+-]+$`)
	// urlShape leaves out what an INI file reads as a comment or a variable, though RFC 3986 allows some of it.
	urlShape = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/?@!$&'()*+,=%[\]-]+$`)
)

// settings judges what the inventory gives a component and fills in the defaults. All faults are reported, each with
// its place in the file.
func settings(inv *inventory.Inventory, given inventory.Component, c *templates.Component) (map[string]any, error) {
	set, err := defaults(inv, c.Settings)
	if err != nil {
		return nil, fmt.Errorf("component %s: component.yaml: %w", c.Name, err)
	}
	var errs []error
	for _, name := range inFileOrder(given.Settings) {
		value := given.Settings[name]
		spec, known := c.SettingNamed(name)
		if !known {
			errs = append(errs, inv.ErrorAt(value.KeyPos, "component %s has no setting %q%s", c.Name, name, inventory.Suggest(name, names(c))))
			continue
		}
		v, err := convert(inv, spec, value.Value)
		if err != nil {
			errs = append(errs, inv.ErrorAt(value.Pos, "component %s: %s: %v", c.Name, name, err))
			continue
		}
		set[name] = v
	}
	return set, errors.Join(errs...)
}

// defaults are held to the same rules as what a person gives, so that a template can rely on the type.
func defaults(inv *inventory.Inventory, specs []templates.Setting) (map[string]any, error) {
	set := map[string]any{}
	for _, s := range specs {
		value := s.Default
		switch n := value.(type) {
		case nil:
			continue
		case int: // the common settings
			value = int64(n)
		case uint64: // go-yaml
			value = int64(n)
		}
		v, err := convert(inv, s, value)
		if err != nil {
			return nil, fmt.Errorf("setting %s: default: %w", s.Name, err)
		}
		set[s.Name] = v
	}
	return set, nil
}

// group judges a setting that has settings of its own. {} takes all defaults.
func group(inv *inventory.Inventory, spec templates.Setting, v any) (map[string]any, error) {
	given, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("want a mapping of %s", strings.Join(specNames(spec.Settings), ", "))
	}
	set, err := defaults(inv, spec.Settings)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		n := slices.IndexFunc(spec.Settings, func(s templates.Setting) bool { return s.Name == name })
		if n < 0 {
			return nil, fmt.Errorf("there is no %q%s", name, inventory.Suggest(name, specNames(spec.Settings)))
		}
		if set[name], err = convert(inv, spec.Settings[n], given[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, s := range spec.Settings {
		if _, there := set[s.Name]; s.Required && !there {
			return nil, fmt.Errorf("%s is missing: %s", s.Name, s.About)
		}
	}
	return set, nil
}

func specNames(specs []templates.Setting) []string {
	var list []string
	for _, s := range specs {
		list = append(list, s.Name)
	}
	return list
}

// inFileOrder lists the names of settings as they stand in the inventory.
func inFileOrder(given map[string]inventory.Setting) []string {
	return slices.SortedFunc(maps.Keys(given), func(a, b string) int {
		p, q := given[a].KeyPos, given[b].KeyPos
		return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column), cmp.Compare(a, b))
	})
}

func names(c *templates.Component) []string {
	return append([]string{"version", "hosts"}, specNames(c.Settings)...)
}

// convert checks a value against its setting's type and returns it as templates see it.
func convert(inv *inventory.Inventory, spec templates.Setting, v any) (any, error) {
	switch spec.Type {
	case "bool":
		if _, ok := v.(bool); !ok {
			return nil, fmt.Errorf("want true or false, got %v", v)
		}
		return v, nil
	case "int":
		n, ok := v.(int64)
		if !ok {
			return nil, fmt.Errorf("want a number, got %v", v)
		}
		if strings.HasSuffix(spec.Name, "port") && (n < 1 || n > 65535) {
			return nil, fmt.Errorf("%d is not a TCP port", n)
		}
		return int(n), nil
	case "words":
		return words(v)
	case "labels":
		return labels(v)
	case "group":
		return group(inv, spec, v)
	case "secret":
		secret, ok := inv.Secret(v)
		if !ok {
			return nil, errors.New("want a text, {env: NAME} or {file: PATH}")
		}
		return secret, nil
	}
	text, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("want a text, got %v", v)
	}
	return text, checkText(spec, text)
}

// checkText judges the types that are written as text.
func checkText(spec templates.Setting, text string) error {
	if strings.ContainsAny(text, "\n\r\x00") {
		return errors.New("line breaks are not allowed")
	}
	if len(spec.Choices) > 0 && !slices.Contains(spec.Choices, text) {
		return fmt.Errorf("want one of %s", strings.Join(spec.Choices, ", "))
	}
	if text == "" {
		if spec.Default != nil && spec.Default != "" {
			return errors.New("is empty: give a value or remove the line")
		}
		return nil
	}
	switch spec.Type {
	case "duration":
		if !durationShape.MatchString(text) {
			return fmt.Errorf("%q is not a duration such as 15d, 12h or 30s", text)
		}
	case "size":
		if !sizeShape.MatchString(text) {
			return fmt.Errorf("%q is not a size such as 20GB or 512MB", text)
		}
	case "listen":
		if net.ParseIP(text) == nil {
			return fmt.Errorf("%q is not an IP address", text)
		}
	case "name":
		if !nameShape.MatchString(text) {
			return fmt.Errorf("%q: want letters, digits and . _ @ + - only", text)
		}
	case "url":
		if u, err := url.Parse(text); err != nil || u.Host == "" || !urlShape.MatchString(text) {
			return fmt.Errorf("%q is not a plain http or https address", text)
		}
	case "path":
		return checkPath(spec.Name, text)
	}
	return nil
}

func words(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, errors.New("want a list of words")
	}
	var out []string
	for _, item := range list {
		word, ok := item.(string)
		if !ok || strings.ContainsAny(word, "\n\r\x00") {
			return nil, fmt.Errorf("%v is not a word of a command line", item)
		}
		out = append(out, word)
	}
	return out, nil
}

func labels(v any) (map[string]string, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("want label names with their values")
	}
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		value := m[name]
		if !labelShape.MatchString(name) {
			return nil, fmt.Errorf("%q is not a label name", name)
		}
		if err := checkLabel(name, value); err != nil {
			return nil, err
		}
		out[name] = fmt.Sprint(value)
	}
	return out, nil
}

func checkLabel(name string, value any) error {
	switch value.(type) {
	case string, int64, bool:
	case float64: // 1.10 has become 1.1
		return fmt.Errorf("label %s: write the number in quotes", name)
	default:
		return fmt.Errorf("label %s: want a text", name)
	}
	if strings.HasPrefix(name, "__") {
		return fmt.Errorf("label %s: names that begin with __ are Prometheus' own", name)
	}
	return nil
}
