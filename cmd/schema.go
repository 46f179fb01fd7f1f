package cmd

import (
	"fmt"

	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/templates"
	"github.com/spf13/cobra"
)

func newSchema(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of monctl.yaml, for editors",
		Example: `  monctl schema > monctl.schema.json
  # first line of monctl.yaml:  # yaml-language-server: $schema=monctl.schema.json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return runSchema(g) },
	}
}

func runSchema(g *globals) error {
	catalog, err := g.catalog(nil)
	if err != nil {
		return err
	}
	settings := map[string]map[string]any{}
	for _, name := range catalog.Names() {
		settings[name] = map[string]any{}
		for _, s := range catalog[name].Settings {
			settings[name][s.Name] = settingSchema(s)
		}
	}
	schema, err := inventory.JSONSchema(settings)
	if err != nil {
		return err
	}
	g.ui.Document("schema", schema)
	return nil
}

// settingSchema is the JSON Schema of one setting.
func settingSchema(s templates.Setting) map[string]any {
	schema := map[string]any{"description": s.About}
	if s.Default != nil && s.Default != "" {
		schema["default"] = s.Default
	}
	if len(s.Choices) > 0 {
		schema["enum"] = s.Choices
	}
	switch s.Type {
	case "bool":
		schema["type"] = "boolean"
	case "int":
		schema["type"] = "integer"
	case "words":
		schema["type"], schema["items"] = "array", map[string]any{"type": "string"}
	case "labels":
		schema["type"], schema["additionalProperties"] = "object", map[string]any{"type": "string"}
	case "group":
		inner, required := map[string]any{}, []string{}
		for _, one := range s.Settings {
			inner[one.Name] = settingSchema(one)
			if one.Required {
				required = append(required, one.Name)
			}
		}
		schema["type"], schema["properties"], schema["additionalProperties"], schema["required"] = "object", inner, false, required
	case "secret":
		schema["$ref"] = "#/$defs/text"
	default:
		schema["type"] = "string"
	}
	if example := examples[s.Type]; example != "" {
		schema["description"] = fmt.Sprintf("%s (such as %s)", s.About, example)
	}
	return schema
}

var examples = map[string]string{"duration": "15d", "size": "20GB", "listen": "127.0.0.1", "url": "https://grafana.example.org"}
