package templates

import (
	"fmt"
	"regexp"

	"github.com/goccy/go-yaml"
)

// AppKind is a kind of program that people run themselves, as far as watching it depends on the kind.
type AppKind struct {
	Kind        string `yaml:"kind"`
	About       string `yaml:"about"`
	MetricsPath string `yaml:"metrics_path"`
	// FirstLine matches (RE2) the lines that begin an entry of its log; other lines, such as a stack trace, belong to the
	// entry before. "" when every line is an entry.
	FirstLine string `yaml:"first_line,omitempty"`
	Dashboard string `yaml:"dashboard,omitempty"` // one of AppDashboards; "" for none
}

// AppKinds lists the kinds of apps (apps.yaml); the first is the default.
func AppKinds() ([]AppKind, error) {
	src, err := embedded.ReadFile("apps.yaml")
	if err != nil {
		return nil, err
	}
	var kinds []AppKind
	if err := yaml.UnmarshalWithOptions(src, &kinds, yaml.Strict()); err != nil {
		return nil, placed("apps.yaml", src, err)
	}
	for _, k := range kinds {
		if _, err := regexp.Compile(k.FirstLine); err != nil {
			return nil, fmt.Errorf("apps.yaml: kind %s: first_line: %w", k.Kind, err)
		}
	}
	return kinds, nil
}

// AppDashboards are the dashboards that an app may ask for (dashboard: spring-boot), by file name.
func AppDashboards() (map[string][]byte, error) { return readAll(embedded, "apps/dashboards/*.json") }
